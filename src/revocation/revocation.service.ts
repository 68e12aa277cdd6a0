import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { AuditService } from '../platform/audit/audit.service.js';
import type { AuditEvent } from '../platform/audit/audit-event.js';
import { Config } from '../platform/config/config.js';
import { afterCommit, transaction } from '../platform/database/transaction.js';
import { Metrics } from '../platform/metrics/metrics.js';
import { FamiliesService } from '../families/families.service.js';
import { NO_HITS, type FamilyHits, type FamilySelection } from '../families/family-selection.js';
import { Clock } from '../platform/time/clock.js';
import {
  familiesHitBy,
  LONGEST_ACCESS_TOKEN_MS,
  type RevocableToken,
  type Revocation,
  type RevocationKind,
} from './revocation.js';
import type { RevocationEntity } from './revocation.entity.js';
import { RevocationRepository } from './revocation.repository.js';
import { RevocationTracker } from './revocation-tracker.js';

export interface RevocationRequest {
  readonly kind: RevocationKind;
  readonly value: string;
  readonly reason: string;
  /** `client:<client_id>`, `user:<subject>`, `reuse-detection`. */
  readonly actor: string;
  /** The families to revoke; by default those that the kind names. `none` revokes access tokens only. */
  readonly families?: FamilySelection | 'none';
  /** Also revokes access tokens issued before this (milliseconds since the epoch), if it is later than now. */
  readonly notBefore?: number;
  /** Also revokes tokens that requests under way issue within this time after now, or after the last use if that is later. */
  readonly inFlightMs?: number;
}

export interface RevocationResult {
  readonly id: string;
  /** The live families that it revoked. */
  readonly hits: FamilyHits;
  readonly notBefore: number;
}

/** Rows per statement, which may have 65,535 parameters. */
const MAX_INSERTED = 5000;

/**
 * Revokes tokens durably: commit in PostgreSQL, then copy to the tracker, then answer. Also answers whether an access token
 * is revoked.
 */
@Injectable()
export class RevocationService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly repository: RevocationRepository,
    private readonly families: FamiliesService,
    private readonly audit: AuditService,
    private readonly tracker: RevocationTracker,
    private readonly metrics: Metrics,
    private readonly config: Config,
    private readonly clock: Clock,
  ) {}

  /** The live families that a revocation would hit. */
  async preview(kind: RevocationKind, value: string): Promise<FamilyHits> {
    const selection = familiesHitBy(kind, value);
    return selection ? this.families.count(selection) : NO_HITS;
  }

  /**
   * @param event the audit event, written in the same transaction
   * @throws when the transaction fails; then nothing is revoked
   */
  async revoke(requests: readonly RevocationRequest[], event: Omit<AuditEvent, 'at'>): Promise<RevocationResult[]> {
    return transaction(this.dataSource, async (manager) => {
      const results = await this.commit(requests, manager);
      await this.audit.append(manager, { at: this.clock.now(), ...event });
      return results;
    });
  }

  /** For a change that shares its `transaction` with the revocation. The tracker learns of it after the commit. */
  async commit(requests: readonly RevocationRequest[], manager: EntityManager): Promise<RevocationResult[]> {
    const results: RevocationResult[] = [];
    const revocations: Revocation[] = [];
    for (const request of requests) {
      const { result, revocation } = await this.commitOne(request, manager);
      results.push(result);
      revocations.push(revocation);
    }
    this.publishAfterCommit(revocations, manager);
    return results;
  }

  /**
   * Revokes a selection of families that no single revocation can name: one revocation each. Runs in the caller's transaction,
   * like `commit`. Skips families that are already revoked.
   * @returns the ids of the families
   */
  async commitEach(
    selection: FamilySelection,
    { reason, actor }: Pick<RevocationRequest, 'reason' | 'actor'>,
    manager: EntityManager,
  ): Promise<string[]> {
    const now = this.clock.now();
    const ended = await this.families.revokeEach(selection, reason, now, manager);
    const revocations = ended
      .filter(({ lastUsedAt }) => lastUsedAt > now - LONGEST_ACCESS_TOKEN_MS) // the access tokens of the others have expired
      .map(({ familyId, lastUsedAt }) => revocationOf('family', familyId, Math.max(now, lastUsedAt + 1)));
    for (let first = 0; first < revocations.length; first += MAX_INSERTED) {
      const rows = revocations.slice(first, first + MAX_INSERTED);
      await this.repository.insert(
        rows.map((revocation) => rowOf(revocation, { reason, actor })),
        manager,
      );
    }
    this.publishAfterCommit(revocations, manager);
    return ended.map(({ familyId }) => familyId);
  }

  /** @throws when neither the tracker nor the database answers: a token that cannot be checked is not accepted */
  async isRevoked(token: RevocableToken): Promise<boolean> {
    if (this.config.revocationCheck === 'tracker') {
      const verdict = await this.tracker.check(token);
      if (verdict !== 'unknown') return verdict === 'revoked';
    }
    return this.repository.isRevoked(token);
  }

  /** Deletes at most `limit` expired revocations. @returns how many */
  deleteExpired(now: number, limit: number): Promise<number> {
    return this.repository.deleteExpired(new Date(now), limit);
  }

  list(limit: number, before?: string): Promise<RevocationEntity[]> {
    return this.repository.list(limit, before);
  }

  /** Copies committed revocations to the tracker. Never rejects: the copier adds within the lease what is missed here. */
  private publishAfterCommit(revocations: readonly Revocation[], manager: EntityManager): void {
    if (revocations.length === 0) return;
    afterCommit(manager, () => {
      for (const { kind } of revocations) this.metrics.revocations.inc({ kind });
      return this.tracker.add(revocations);
    });
  }

  private async commitOne(request: RevocationRequest, manager: EntityManager) {
    const { kind, value, reason, actor } = request;
    const now = this.clock.now();
    const ended = await this.endFamilies(request, now, manager);
    // Another replica's clock may be ahead: the last use shows by how much.
    const { inFlightMs = 0 } = request;
    const notBefore = Math.max(now + inFlightMs, ended.lastUsedAt + 1 + inFlightMs, request.notBefore ?? 0);
    const revocation = revocationOf(kind, value, notBefore);
    const row = rowOf(revocation, { reason, actor });
    await this.repository.insert([row], manager);
    return { result: { id: row.id, hits: ended.hits, notBefore }, revocation };
  }

  /** @returns the number of live families revoked, and the last use, also of families that stay live */
  private async endFamilies({ kind, value, reason, families }: RevocationRequest, now: number, manager: EntityManager) {
    const named = familiesHitBy(kind, value);
    if (families === 'none')
      return { hits: NO_HITS, lastUsedAt: named ? await this.families.lastUse(named, manager) : 0 };
    const selection = families ?? named;
    return selection ? this.families.revoke(selection, reason, now, manager) : { hits: NO_HITS, lastUsedAt: 0 };
  }
}

const revocationOf = (kind: RevocationKind, value: string, notBefore: number): Revocation => ({
  kind,
  value,
  notBefore,
  expiresAt: notBefore + LONGEST_ACCESS_TOKEN_MS,
});

const rowOf = (
  { kind, value, notBefore, expiresAt }: Revocation,
  { reason, actor }: Pick<RevocationRequest, 'reason' | 'actor'>,
) => ({
  id: uuidv7(),
  kind,
  value,
  notBefore: new Date(notBefore),
  expiresAt: new Date(expiresAt),
  reason,
  actor,
});
