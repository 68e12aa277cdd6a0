import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { AuditService } from '../platform/audit/audit.service.js';
import type { AuditEvent } from '../platform/audit/audit-event.js';
import { Config } from '../platform/config/config.js';
import { transaction } from '../platform/database/transaction.js';
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
  /** `client:<client_id>`, `admin:<client_id>`, `reuse-detection`. */
  readonly actor: string;
  /** Which families it ends; those that its kind names, unless said otherwise. None: access tokens alone. */
  readonly families?: FamilySelection | 'none';
  /** Access tokens born before this are dead too (milliseconds since the epoch); now, unless it is later. */
  readonly notBefore?: number;
  /** So long after it, or after the last use if that is later, a request under way may still issue a token, which is dead too. */
  readonly inFlightMs?: number;
}

export interface RevocationResult {
  readonly id: string;
  /** The live families that it ended. */
  readonly hits: FamilyHits;
  readonly notBefore: number;
}

/** Rows of one statement: it may have 65,535 parameters. */
const MAX_INSERTED = 5000;

/**
 * Ends tokens, durably: committed in PostgreSQL, then copied to the tracker, then answered. And says whether an access token
 * was ended.
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

  /** What a revocation would hit: the live families. */
  async preview(kind: RevocationKind, value: string): Promise<FamilyHits> {
    const selection = familiesHitBy(kind, value);
    return selection ? this.families.count(selection) : NO_HITS;
  }

  /**
   * @param trail what the audit trail says of it, in the same transaction
   * @throws when it could not be made durable; then nothing was revoked
   */
  async revoke(requests: readonly RevocationRequest[], trail: Omit<AuditEvent, 'at'>): Promise<RevocationResult[]> {
    const { results, revocations } = await transaction(this.dataSource, async (manager) => {
      const done = await this.commit(requests, manager);
      await this.audit.append(manager, { at: this.clock.now(), ...trail });
      return done;
    });
    await this.publish(revocations);
    return results;
  }

  /** For changes that belong in one transaction with their revocation: run it, then `publish` what it returned once that is committed. */
  async commit(requests: readonly RevocationRequest[], manager: EntityManager) {
    const results: RevocationResult[] = [];
    const revocations: Revocation[] = [];
    for (const request of requests) {
      const { result, revocation } = await this.commitOne(request, manager);
      results.push(result);
      revocations.push(revocation);
    }
    return { results, revocations };
  }

  /**
   * Ends the families of a selection that no kind of revocation names as one: one revocation each. For a transaction, as
   * `commit` is. Those that were revoked before are left alone.
   */
  async commitEach(
    selection: FamilySelection,
    { reason, actor }: Pick<RevocationRequest, 'reason' | 'actor'>,
    manager: EntityManager,
  ): Promise<{ sids: string[]; revocations: Revocation[] }> {
    const now = this.clock.now();
    const ended = await this.families.revokeEach(selection, reason, now, manager);
    const revocations = ended
      .filter(({ lastUsedAt }) => lastUsedAt > now - LONGEST_ACCESS_TOKEN_MS) // of the others no access token is left
      .map(({ sid, lastUsedAt }) => revocationOf('family', sid, Math.max(now, lastUsedAt + 1)));
    for (let first = 0; first < revocations.length; first += MAX_INSERTED) {
      const rows = revocations.slice(first, first + MAX_INSERTED);
      await this.repository.insert(
        rows.map((revocation) => rowOf(revocation, { reason, actor })),
        manager,
      );
    }
    return { sids: ended.map(({ sid }) => sid), revocations };
  }

  /** Copies committed revocations to the tracker. Never rejects: what is missed is copied within the lease. */
  publish(revocations: readonly Revocation[]): Promise<void> {
    for (const { kind } of revocations) this.metrics.revocations.inc({ kind });
    return this.tracker.add(revocations);
  }

  /** @throws when neither the tracker nor the database can tell: what cannot be checked is not accepted */
  async isRevoked(token: RevocableToken): Promise<boolean> {
    if (this.config.revocationCheck === 'tracker') {
      const verdict = await this.tracker.check(token);
      if (verdict !== 'unknown') return verdict === 'revoked';
    }
    return this.repository.isRevoked(token);
  }

  /** Forgets at most `limit` revocations that can hit no live token any more. @returns how many */
  deleteExpired(now: number, limit: number): Promise<number> {
    return this.repository.deleteExpired(new Date(now), limit);
  }

  list(limit: number, before?: string): Promise<RevocationEntity[]> {
    return this.repository.list(limit, before);
  }

  private async commitOne(request: RevocationRequest, manager: EntityManager) {
    const { kind, value, reason, actor } = request;
    const now = this.clock.now();
    const ended = await this.endFamilies(request, now, manager);
    // The clocks of other replicas may be ahead: the last use tells how far.
    const { inFlightMs = 0 } = request;
    const notBefore = Math.max(now + inFlightMs, ended.lastUsedAt + 1 + inFlightMs, request.notBefore ?? 0);
    const revocation = revocationOf(kind, value, notBefore);
    const row = rowOf(revocation, { reason, actor });
    await this.repository.insert([row], manager);
    return { result: { id: row.id, hits: ended.hits, notBefore }, revocation };
  }

  /** @returns what was alive of them, and when they were last used, for the families that stay alive too */
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
