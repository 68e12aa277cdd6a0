/**
 * The Redis commands on the copy of the live revocations. `redis-revocation-copier.ts` decides what to copy and when,
 * `redis-revocation-tracker.ts` what to answer. Each round trip rejects within the connection's deadline.
 */
import type { RedisConnection } from '../platform/redis/redis-connection.js';
import type { Clock } from '../platform/time/clock.js';
import {
  RAISE_IN_TURN_SCRIPT,
  RAISE_SCRIPT,
  RELEASE_SCRIPT,
  RENEW_SCRIPT,
  TAKE_TURN_SCRIPT,
} from './redis-revocation-scripts.js';
import { markerKey, revokedKey, turnKey } from './revocation-keys.js';
import { concerns, isHitBy, type RevocableToken, type Revocation } from './revocation.js';

/** How long the marker is valid, counted from the start of the copy that set it. */
export const LEASE_MS = 2000;
/** A turn expires after this time; each chunk extends it. Longer than the statement timeout of PostgreSQL. */
const TURN_MS = 3000;
/** After a copy, no replica copies again for this long. */
const REST_MS = 900;
/** Keys per script call: they keep Redis busy for two or three milliseconds. */
const CHUNK = 500;

export interface Turn {
  readonly taken: boolean;
  /** Identity of the Redis master; changes with each restart and failover. */
  readonly master: string;
  /** The master that the marker names; empty without a marker. */
  readonly marker: string;
  readonly evicts: boolean;
  /** Start of the turn, in milliseconds by the Redis clock. */
  readonly beganAt: number;
}

export interface Raised {
  /** How many were missing in Redis, or had a lower `notBefore` there. */
  readonly repaired: number;
  /** The lowest `notBefore` among the repaired ones. */
  readonly oldest: number | undefined;
}

export class RedisRevocationCopy {
  constructor(
    private readonly connection: RedisConnection,
    private readonly clock: Clock,
  ) {}

  /** @returns whether a revocation in Redis hits the token, and the master that the marker names */
  async look(token: RevocableToken): Promise<{ hit: boolean; marker: string | null }> {
    const keys = [markerKey, ...concerns(token).map(([kind, value]) => revokedKey(kind, value))];
    const [marker = null, ...held] = await this.connection.run((client) => client.mGet(keys));
    return { hit: held.some((notBefore) => notBefore !== null && isHitBy(token, Number(notBefore))), marker };
  }

  async takeTurn(pass: string): Promise<Turn> {
    const [taken, master, marker, evicts, beganAt] = await this.#run<[number, string, string, number, number]>(
      TAKE_TURN_SCRIPT,
      [turnKey, markerKey],
      [pass, String(TURN_MS)],
    );
    return { taken: taken === 1, master, marker, evicts: evicts === 1, beganAt };
  }

  raise(revocations: readonly Revocation[]): Promise<Raised> {
    return this.#inChunks(revocations, (keys, values) => this.#run(RAISE_SCRIPT, keys, values));
  }

  /** Rejects when the turn is lost meanwhile. */
  raiseInTurn(pass: string, revocations: readonly Revocation[]): Promise<Raised> {
    return this.#inChunks(revocations, (keys, values) =>
      this.#run(RAISE_IN_TURN_SCRIPT, [turnKey, ...keys], [pass, String(TURN_MS), ...values]),
    );
  }

  /** Renews the marker for a copy that began at `beganAt`; answers `late` when that is longer ago than the lease. */
  async renew(
    pass: string,
    master: string,
    beganAt: number,
  ): Promise<{ outcome: 'renewed' | 'late' | 'lost'; now: number }> {
    const [outcome, now] = await this.#run<['renewed' | 'late' | 'lost', number]>(
      RENEW_SCRIPT,
      [turnKey, markerKey],
      [pass, master, String(beganAt), String(LEASE_MS), String(REST_MS)],
    );
    return { outcome, now };
  }

  async release(pass: string): Promise<void> {
    await this.#run(RELEASE_SCRIPT, [turnKey], [pass]);
  }

  /** One chunk after the other, so that other commands and the event loop run in between. */
  async #inChunks(
    revocations: readonly Revocation[],
    write: (keys: string[], values: string[]) => Promise<[number, number]>,
  ): Promise<Raised> {
    let repaired = 0;
    let oldest: number | undefined;
    for (let start = 0; start < revocations.length; start += CHUNK) {
      const now = this.clock.now();
      const chunk = revocations.slice(start, start + CHUNK).filter(({ expiresAt }) => expiresAt > now);
      const keys = chunk.map(({ kind, value }) => revokedKey(kind, value));
      const values = chunk.flatMap(({ notBefore, expiresAt }) => [String(notBefore), String(expiresAt - now)]);
      const [raised, first] = await write(keys, values);
      repaired += raised;
      if (raised > 0) oldest = Math.min(first, oldest ?? first);
    }
    return { repaired, oldest };
  }

  #run<T>(script: string, keys: string[], values: string[]): Promise<T> {
    return this.connection.run((client) => client.eval(script, { keys, arguments: values })) as Promise<T>;
  }
}
