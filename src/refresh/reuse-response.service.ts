import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { AuditService } from '../platform/audit/audit.service.js';
import type { Client } from '../clients/client.js';
import { transaction } from '../platform/database/transaction.js';
import { auditedOf, type RequestContext } from '../platform/http/request-context.js';
import { SignOut } from '../sign-out/sign-out.service.js';
import { RevocationService, type RevocationRequest } from '../revocation/revocation.service.js';
import { Clock } from '../platform/time/clock.js';
import type { TokenFamily } from '../families/token-family.js';
import { generations } from './rotation.js';

const ACTOR = 'reuse-detection';
const REASON = 'refresh_token_reused';

/**
 * The response to the reuse of a superseded refresh token, which indicates theft (RFC 9700 §4.14.2). The client's setting decides
 * what is revoked. The revocation is committed, although the request is refused.
 */
@Injectable()
export class ReuseResponse {
  constructor(
    private readonly dataSource: DataSource,
    private readonly revocations: RevocationService,
    private readonly signOut: SignOut,
    private readonly audit: AuditService,
    private readonly clock: Clock,
  ) {}

  async respond(client: Client, family: TokenFamily, generation: number, context: RequestContext): Promise<void> {
    await transaction(this.dataSource, async (manager) => {
      if (client.reuseResponse === 'revoke_subject') {
        await this.signOut.endSessionsOf(family.subject, REASON, { actor: ACTOR, ...auditedOf(context) }, manager);
      }
      const revoked = await this.revoke(client, family, manager);
      await this.audit.append(manager, {
        event: 'refresh.reused',
        reason: client.reuseResponse,
        at: this.clock.now(),
        clientId: family.clientId,
        subject: family.subject,
        familyId: family.familyId,
        generation: family.generation,
        ...auditedOf(context),
        actor: ACTOR,
        detail: { ...generations(family, generation), families_revoked: revoked },
      });
    });
  }

  /** @returns how many families were revoked */
  private async revoke(
    client: Client,
    { familyId, subject, clientId }: TokenFamily,
    manager: EntityManager,
  ): Promise<number> {
    const common = { reason: REASON, actor: ACTOR };
    switch (client.reuseResponse) {
      case 'report_only':
        return 0;
      case 'revoke_family':
        return this.revokeAll({ kind: 'family', value: familyId, ...common }, manager);
      case 'revoke_subject':
        return this.revokeAll({ kind: 'subject', value: subject, ...common }, manager);
      case 'revoke_subject_client':
        return (await this.revocations.commitEach({ subject, clientId }, common, manager)).length;
    }
  }

  private async revokeAll(request: RevocationRequest, manager: EntityManager): Promise<number> {
    const [result] = await this.revocations.commit([request], manager);
    return result!.hits.families;
  }
}
