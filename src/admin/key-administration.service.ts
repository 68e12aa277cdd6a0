import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { AuditService } from '../platform/audit/audit.service.js';
import type { AuditEventName, AuditOrigin } from '../platform/audit/audit-event.js';
import { Config } from '../platform/config/config.js';
import { InvalidFields } from '../platform/http/invalid-fields.js';
import type { KeyChange, RotationRequest } from '../keys/key-rotation.service.js';
import { KeyRotationWorker } from '../keys/key-rotation.worker.js';
import { keptAlgorithms } from '../keys/signing-algorithm.js';
import { Clock } from '../platform/time/clock.js';
import { notFound } from './path.pipe.js';

/** Changes signing keys for an admin, with the audit event in the same transaction. */
@Injectable()
export class KeyAdministration {
  constructor(
    private readonly keys: KeyRotationWorker,
    private readonly audit: AuditService,
    private readonly clock: Clock,
    private readonly config: Config,
  ) {}

  /**
   * @returns no changes if the next key is published already and `immediately` is off
   * @throws InvalidFields if the algorithm is not in use
   */
  rotate(request: RotationRequest, admin: AuditOrigin): Promise<KeyChange[]> {
    const kept = keptAlgorithms(this.config.signingAlgorithm);
    if (request.algorithm !== undefined && !kept.includes(request.algorithm)) {
      throw new InvalidFields([{ field: 'algorithm', detail: `algorithm must be one of ${kept.join(', ')}` }]);
    }
    return this.keys.rotateNow(request, (manager, changes) => this.record('key.rotated', changes, admin, manager));
  }

  /** @throws OAuthError not_found if there is no such key in use */
  async retire(kid: string, admin: AuditOrigin): Promise<void> {
    const changes = await this.keys.retire(kid, (manager, done) => this.record('key.retired', done, admin, manager));
    if (changes.length === 0) throw notFound();
  }

  private record(
    event: AuditEventName,
    changes: readonly KeyChange[],
    admin: AuditOrigin,
    manager: EntityManager,
  ): Promise<void> {
    return this.audit.append(manager, { event, at: this.clock.now(), ...admin, detail: { changes } });
  }
}
