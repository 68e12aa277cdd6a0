import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { Client } from '../clients/client.js';
import { RootKey } from '../keys/root-key.js';
import type { AuditOrigin } from '../platform/audit/audit-event.js';
import { AuditService } from '../platform/audit/audit.service.js';
import { Coalescer } from '../platform/database/coalescer.js';
import { transaction } from '../platform/database/transaction.js';
import { Clock } from '../platform/time/clock.js';
import { FamiliesRepository } from './families.repository.js';
import { importedTokenDigest, tokenSha256 } from './imported-token.js';
import { newFamily, wholeSecond } from './new-family.js';
import type { RefreshTokenParts } from './refresh-token.js';
import type { TokenFamilyEntity } from './token-family.entity.js';

/** The authorization behind a refresh token of another server. Times are milliseconds since the epoch. */
export interface AdoptedGrant {
  readonly client: Client;
  readonly subject: string;
  readonly scope: readonly string[];
  /** 32 bytes. */
  readonly tokenSha256: Buffer;
  /** By default, and at the latest, what the client's policy gives a family that starts now. */
  readonly idleExpiresAt?: number | undefined;
  readonly absoluteExpiresAt?: number | undefined;
}

export type AdoptedFamily = Pick<TokenFamilyEntity, 'familyId' | 'idleExpiresAt' | 'absoluteExpiresAt'>;

/** Digests per statement. */
const MAX_LOOKED_UP = 200;

/** Families that began at another server: see `imported-token.ts`. */
@Injectable()
export class AdoptedFamilies {
  private readonly key: Buffer;
  private readonly lookups: Coalescer<Buffer, string | undefined>;

  constructor(
    private readonly dataSource: DataSource,
    private readonly repository: FamiliesRepository,
    private readonly audit: AuditService,
    private readonly clock: Clock,
    rootKey: RootKey,
  ) {
    this.key = rootKey.derive('imported-refresh-token');
    this.lookups = new Coalescer({
      run: (digests) => repository.findImported(digests),
      maxEntries: MAX_LOOKED_UP,
      maxInFlight: 1,
    });
  }

  /**
   * The caller has checked clients, subjects and scopes. All are stored, or none.
   * @returns in the order of the grants; undefined where the token was imported before, or occurs twice
   */
  adopt(grants: readonly AdoptedGrant[], origin: AuditOrigin): Promise<(AdoptedFamily | undefined)[]> {
    const at = this.clock.now();
    const families = grants.map((grant) => this.familyOf(grant, at));
    return transaction(this.dataSource, async (manager) => {
      const stored = await this.repository.insertImported(families, manager);
      const adopted = families.map((family) => (stored.has(family.id) ? family : undefined));
      const events = adopted.flatMap((family) => {
        if (!family) return [];
        const { clientId, subject, familyId } = family;
        return [{ event: 'family.imported' as const, at, clientId, subject, familyId, ...origin }];
      });
      await this.audit.append(manager, ...events);
      return adopted;
    });
  }

  /** @param token one that `looksLikeRefreshToken` denies @returns undefined unless it was imported */
  async find(token: string): Promise<RefreshTokenParts | undefined> {
    const handle = await this.lookups.submit(importedTokenDigest(tokenSha256(token), this.key));
    return handle === undefined ? undefined : { handle, generation: 0 };
  }

  private familyOf(grant: AdoptedGrant, now: number): TokenFamilyEntity {
    const { client, subject, scope } = grant;
    const absolute = wholeSecond(now + client.absoluteTtlSeconds * 1000);
    const absoluteExpiresAt = Math.min(absolute, grant.absoluteExpiresAt ?? absolute);
    const idle = now + client.idleTtlSeconds * 1000;
    const idleExpiresAt = Math.min(absoluteExpiresAt, idle, grant.idleExpiresAt ?? idle);
    const family = newFamily({ clientId: client.clientId, subject, scope, now, idleExpiresAt, absoluteExpiresAt });
    return { ...family, importedTokenDigest: importedTokenDigest(grant.tokenSha256, this.key) };
  }
}
