import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { AuditService } from '../platform/audit/audit.service.js';
import type { AuditEventName, AuditOrigin } from '../platform/audit/audit-event.js';
import type { Client } from '../clients/client.js';
import { KeyRing } from '../keys/key-ring.service.js';
import type { Authentication } from '../oauth/authentication.js';
import type { RequestedClaims } from '../oauth/requested-claims.js';
import { Clock } from '../platform/time/clock.js';
import { FamiliesRepository } from './families.repository.js';
import type { EndedFamily, FamilyHits, FamilySelection, FamilyState } from './family-selection.js';
import { newFamily, wholeSecond } from './new-family.js';
import { mintRefreshToken } from './refresh-token.js';
import type { TokenFamilyEntity } from './token-family.entity.js';

const FIRST_HANDLE = '00000000-0000-0000-0000-000000000000';

export interface StartedFamily {
  readonly familyId: string;
  readonly refreshToken: string;
  /** The idle and the absolute expiry, in milliseconds since the epoch. */
  readonly idleExpiresAt: number;
  readonly absoluteExpiresAt: number;
}

/** The grant of a user for a code, and how they authenticated. */
export interface CodeGrant {
  readonly scope: readonly string[];
  /** Whether it yields refresh tokens, and outlives the login session. */
  readonly offline: boolean;
  /** Empty: the client's whole audience. */
  readonly resource: readonly string[];
  readonly claims: RequestedClaims | undefined;
  readonly authentication: Authentication;
  /** Milliseconds since the epoch: the end of the login session, and so of families that are not offline. */
  readonly endsAt: number;
}

/** RFC 6749 §4.1.2 allows ten minutes; a browser needs a second. */
const CODE_LIFETIME_MS = 60_000;

/** Token families, except refreshing: starts and lists them, and revokes them within a revocation's transaction. */
@Injectable()
export class FamiliesService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly repository: FamiliesRepository,
    private readonly audit: AuditService,
    private readonly keys: KeyRing,
    private readonly clock: Clock,
  ) {}

  /** A new family with its refresh token of generation 0. The caller has checked that the client may have the scope. */
  async start(client: Client, subject: string, scope: readonly string[], origin: AuditOrigin): Promise<StartedFamily> {
    const now = this.clock.now();
    const absoluteExpiresAt = wholeSecond(now + client.absoluteTtlSeconds * 1000);
    const idleExpiresAt = Math.min(absoluteExpiresAt, now + client.idleTtlSeconds * 1000);
    const family = newFamily({ clientId: client.clientId, subject, scope, now, idleExpiresAt, absoluteExpiresAt });
    await this.insert(family, 'family.started', origin);
    const refreshToken = mintRefreshToken({ handle: family.id, generation: 0 }, this.keys.mintingTokenKey());
    return { familyId: family.familyId, refreshToken, idleExpiresAt, absoluteExpiresAt };
  }

  /**
   * A new family whose generation 0 is an authorization code: it expires if the code is not redeemed in time, and redeeming is a
   * rotation.
   * @param alongside runs first in the same transaction, for checks and further changes
   * @returns the family's handle, which is secret and only for the code
   */
  async authorize(
    client: Client,
    subject: string,
    { scope, offline, resource, claims, authentication, endsAt }: CodeGrant,
    origin: AuditOrigin,
    alongside?: (manager: EntityManager) => Promise<void>,
  ): Promise<string> {
    const now = this.clock.now();
    const longest = now + CODE_LIFETIME_MS + client.absoluteTtlSeconds * 1000;
    const absoluteExpiresAt = wholeSecond(offline ? longest : Math.min(longest, endsAt));
    const family: TokenFamilyEntity = {
      ...newFamily({
        clientId: client.clientId,
        subject,
        scope,
        now,
        idleExpiresAt: Math.min(absoluteExpiresAt, now + CODE_LIFETIME_MS),
        absoluteExpiresAt,
      }),
      fromAuthorizationCode: true,
      offline,
      sessionId: authentication.sessionId,
      authTime: new Date(authentication.authTime),
      acr: authentication.acr,
      amr: [...authentication.amr],
      resource: [...resource],
      claims: claims ?? null,
    };
    await this.insert(family, 'code.issued', origin, alongside);
    return family.id;
  }

  private async insert(
    family: TokenFamilyEntity,
    event: AuditEventName,
    origin: AuditOrigin,
    alongside?: (manager: EntityManager) => Promise<void>,
  ): Promise<void> {
    const { clientId, subject, familyId, createdAt } = family;
    await this.dataSource.transaction(async (manager) => {
      await alongside?.(manager);
      await this.repository.insert(family, manager);
      await this.audit.append(manager, {
        event,
        at: createdAt.getTime(),
        clientId,
        subject,
        familyId,
        generation: 0,
        ...origin,
      });
    });
  }

  /** Runs in a revocation's transaction: see `FamiliesRepository.revoke`. */
  revoke(selection: FamilySelection, reason: string, now: number, manager: EntityManager) {
    return this.repository.revoke(selection, reason, now, manager);
  }

  /** See `FamiliesRepository.lastUse`. */
  lastUse(selection: FamilySelection, manager: EntityManager): Promise<number> {
    return this.repository.lastUse(selection, manager);
  }

  /** See `FamiliesRepository.revokeEach`. */
  revokeEach(selection: FamilySelection, reason: string, now: number, manager: EntityManager): Promise<EndedFamily[]> {
    return this.repository.revokeEach(selection, reason, now, manager);
  }

  /** See `FamiliesRepository.clientsOfSessions`. */
  clientsOfSessions(sessionIds: readonly string[], manager: EntityManager) {
    return this.repository.clientsOfSessions(sessionIds, manager);
  }

  /** The claims requested by name in the authorization request. */
  requestedClaims(familyId: string): Promise<RequestedClaims | undefined> {
    return this.repository.requestedClaims(familyId);
  }

  count(selection: FamilySelection): Promise<FamilyHits> {
    return this.repository.count(selection, this.clock.now());
  }

  /** One bounded step of cleanup: see `FamiliesRepository.deleteEnded`. @param after where the last step ended; undefined to begin */
  deleteEnded(before: number, after: string | undefined, limit: number) {
    return this.repository.deleteEnded(new Date(before), after ?? FIRST_HANDLE, limit);
  }

  list(
    selection: FamilySelection,
    state: FamilyState | undefined,
    page: { limit: number; before?: string | undefined },
  ): Promise<TokenFamilyEntity[]> {
    return this.repository.list(selection, state, this.clock.now(), page);
  }
}
