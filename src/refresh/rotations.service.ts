import { Injectable } from '@nestjs/common';
import type { TokenFamily } from '../families/token-family.js';
import { OAuthError } from '../oauth/oauth-error.js';
import { Coalescer } from '../platform/database/coalescer.js';
import { Metrics } from '../platform/metrics/metrics.js';
import { Clock } from '../platform/time/clock.js';
import { judge, type Presented, type Verdict } from './rotation.js';
import { TokenFamilyRepository, type Rotated } from './token-family.repository.js';

/** The outcome for a presented token: its family was rotated, or a verdict says why not. */
export type Outcome =
  | { readonly verdict: 'rotated'; readonly family: Rotated; readonly leads: boolean }
  | Exclude<Verdict, { verdict: 'rotatable' }>;

const MAX_ENTRIES = 256;

/** Two statements: one returns its result while the next one is sent. */
const MAX_IN_FLIGHT = 2;

/** At most this many connections wait for locked rows; the rest keep serving other families. */
const MAX_WAITING = 2;

/** Attempts for a row that another transaction has locked. */
const MAX_ATTEMPTS = 3;

/**
 * Rotates families, for refresh tokens and authorization codes. Rotations that arrive together are one statement. Identical
 * requests share one entry, and a family is in one statement at a time, so that a burst on one token does not delay others. Rows
 * that a statement skipped are waited for, one by one.
 */
@Injectable()
export class Rotations {
  private readonly underWay = new Map<string, Promise<Rotated | undefined>>();
  private readonly batch: Coalescer<Presented, Rotated | undefined>;
  private readonly waits: Coalescer<Presented, Rotated | undefined>;
  private readonly reads: Coalescer<string, TokenFamily | undefined>;

  constructor(
    private readonly repository: TokenFamilyRepository,
    private readonly clock: Clock,
    metrics: Metrics,
  ) {
    this.batch = new Coalescer({
      run: (entries) => repository.rotate(entries, clock.now()),
      maxEntries: MAX_ENTRIES,
      maxInFlight: MAX_IN_FLIGHT,
      laneOf: (entry) => entry.handle,
      onBatch: (size) => metrics.rotationBatchSize.observe(size),
    });
    this.waits = new Coalescer({
      run: async ([entry]) => [await repository.rotateAlone(entry!, clock.now())],
      maxEntries: 1, // a statement that waits while it holds other rows could deadlock
      maxInFlight: MAX_WAITING,
      laneOf: (entry) => entry.handle,
    });
    this.reads = new Coalescer({
      run: (handles) => repository.find(handles),
      maxEntries: MAX_ENTRIES,
      maxInFlight: MAX_IN_FLIGHT,
    });
  }

  /**
   * Runs the statement of a rotation without entries, to find out whether PostgreSQL would accept one: it is writable, its user
   * has the rights, and the schema has what a refresh needs.
   */
  async prove(): Promise<void> {
    await this.repository.rotate([], this.clock.now());
  }

  /**
   * Rotates first, and judges only if nothing was rotated, so that the usual request costs one statement.
   * @param token as presented: requests with the same token, client, scope and resource are identical
   * @throws OAuthError temporarily_unavailable when the row stays locked, or the database is away: then it is unknown whether the
   *   token was rotated, and a retry will tell
   */
  async redeem(token: string, presented: Presented, arrivedAt: number): Promise<Outcome> {
    let { rotated, leads } = await this.rotate(token, presented);
    for (let attempt = 1; ; attempt += 1) {
      // A request that shares another's rotation is its retry; without rotation the two are equal.
      if (rotated && (leads || !rotated.rotates)) return { verdict: 'rotated', family: rotated, leads };
      const judged = judge(await this.find(presented.handle), presented, this.clock.now(), arrivedAt);
      if (judged.verdict !== 'rotatable') return judged;
      if (attempt > MAX_ATTEMPTS) throw OAuthError.unavailable('contended_family');
      ({ rotated, leads } = await this.rotateAlone(token, presented));
    }
  }

  find(handle: string): Promise<TokenFamily | undefined> {
    return this.reads.submit(handle);
  }

  rotate(token: string, presented: Presented) {
    return this.share(this.batch, token, presented);
  }

  /** For a family whose row was locked in the batch: waits for the lock. */
  rotateAlone(token: string, presented: Presented) {
    return this.share(this.waits, token, presented);
  }

  /** @returns `leads`: false for a request that found an identical one under way and shares its result */
  private async share(
    rotations: Coalescer<Presented, Rotated | undefined>,
    token: string,
    presented: Presented,
  ): Promise<{ rotated: Rotated | undefined; leads: boolean }> {
    const { clientId, scope, resource } = presented;
    const key = `${token} ${clientId} ${scope?.join(' ') ?? ''} | ${resource?.join(' ') ?? ''}`;
    const same = this.underWay.get(key);
    if (same) return { rotated: await same, leads: false };
    const rotation = rotations.submit(presented);
    this.underWay.set(key, rotation);
    try {
      return { rotated: await rotation, leads: true };
    } finally {
      this.underWay.delete(key);
    }
  }
}
