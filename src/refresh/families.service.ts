import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { AuditService } from '../audit/audit.service.js';
import type { Client } from '../clients/client.js';
import { KeyRing } from '../keys/key-ring.service.js';
import { Clock } from '../time/clock.js';
import { FamiliesStore } from './families.store.js';
import type { FamilyHits, FamilySelection, FamilyState } from './family-selection.js';
import { mintRefreshToken } from './refresh-token.js';
import type { TokenFamilyEntity } from './token-family.entity.js';

const FIRST_HANDLE = '00000000-0000-0000-0000-000000000000';

/** Who started a family, and where its trail goes. */
export interface FamilyOrigin {
  readonly actor: string;
  readonly correlationId: string;
}

export interface StartedFamily {
  readonly sid: string;
  readonly refreshToken: string;
  /** Milliseconds since the epoch: when it ends unless it is used, and when it ends in any case. */
  readonly idleExpiresAt: number;
  readonly absoluteExpiresAt: number;
}

/** Token families but for refreshing them: they start here, are listed, and are revoked within a revocation's transaction. */
@Injectable()
export class FamiliesService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly store: FamiliesStore,
    private readonly audit: AuditService,
    private readonly keys: KeyRing,
    private readonly clock: Clock,
  ) {}

  /** A new family with its refresh token of generation 0. The caller has checked that the client may have the scope. */
  async start(client: Client, subject: string, scope: readonly string[], origin: FamilyOrigin): Promise<StartedFamily> {
    const now = this.clock.now();
    // A whole second, as `exp` is: an access token of its last second is still worth that second.
    const absoluteExpiresAt = Math.floor(now / 1000 + client.absoluteTtlSeconds) * 1000;
    const idleExpiresAt = Math.min(absoluteExpiresAt, now + client.idleTtlSeconds * 1000);
    const [handle, sid] = [uuidv7(), uuidv7()];
    await this.dataSource.transaction(async (manager) => {
      await this.store.insert(
        {
          id: handle,
          sid,
          clientId: client.clientId,
          subject,
          scope: [...scope],
          generation: 0,
          rotatedAt: [],
          createdAt: new Date(now),
          lastUsedAt: new Date(now),
          idleExpiresAt: new Date(idleExpiresAt),
          absoluteExpiresAt: new Date(absoluteExpiresAt),
          revokedAt: null,
          revokedReason: null,
        },
        manager,
      );
      await this.audit.append(manager, {
        event: 'family.started',
        at: now,
        clientId: client.clientId,
        subject,
        sid,
        ...origin,
      });
    });
    const refreshToken = mintRefreshToken({ handle, generation: 0 }, this.keys.mintingTokenKey());
    return { sid, refreshToken, idleExpiresAt, absoluteExpiresAt };
  }

  /** Part of a revocation's transaction: see `FamiliesStore.revoke`. */
  revoke(selection: FamilySelection, reason: string, now: number, manager: EntityManager) {
    return this.store.revoke(selection, reason, now, manager);
  }

  sids(selection: FamilySelection, manager: EntityManager): Promise<string[]> {
    return this.store.sids(selection, manager);
  }

  count(selection: FamilySelection): Promise<FamilyHits> {
    return this.store.count(selection, this.clock.now());
  }

  /** One bounded step of cleanup: see `FamiliesStore.deleteDead`. @param after where the last step ended; undefined to begin */
  deleteDead(before: number, after: string | undefined, limit: number) {
    return this.store.deleteDead(new Date(before), after ?? FIRST_HANDLE, limit);
  }

  list(
    selection: FamilySelection,
    state: FamilyState | undefined,
    page: { limit: number; before?: string | undefined },
  ): Promise<TokenFamilyEntity[]> {
    return this.store.list(selection, state, this.clock.now(), page);
  }
}
