/**
 * The copy of the live revocations in Redis, by its commands. When to copy what is `redis-revocation-copier.ts`; what to
 * answer is `redis-revocation-tracker.ts`. Every method rejects within the connection's deadline, per round trip.
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

/** How long the marker vouches, from the start of the copy that it vouches for. */
export const LEASE_MS = 2000;
/** A turn that is not finished by then is lost; each chunk begins it anew. Longer than a statement in PostgreSQL may take. */
const TURN_MS = 3000;
/** After a copy, nobody needs to copy again for so long. */
const REST_MS = 900;
/** Keys written at once: Redis is busy with them for two or three milliseconds. */
const CHUNK = 500;

export interface Turn {
  readonly taken: boolean;
  /** The identity of the Redis master: another one after each restart and failover. */
  readonly master: string;
  /** The master that the marker vouches for; empty without a marker. */
  readonly marker: string;
  readonly evicts: boolean;
  /** When the turn began, in milliseconds by the clock of Redis. */
  readonly beganAt: number;
}

export interface Raised {
  /** How many were missing in Redis or lower there. */
  readonly repaired: number;
  /** The lowest `notBefore` of these. */
  readonly oldest: number | undefined;
}

export class RedisRevocationCopy {
  constructor(
    private readonly connection: RedisConnection,
    private readonly clock: Clock,
  ) {}

  /** @returns whether a revocation in Redis hits the token, and which master the marker beside it vouches for */
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

  /** Rejects when the turn was lost under way. */
  raiseInTurn(pass: string, revocations: readonly Revocation[]): Promise<Raised> {
    return this.#inChunks(revocations, (keys, values) =>
      this.#run(RAISE_IN_TURN_SCRIPT, [turnKey, ...keys], [pass, String(TURN_MS), ...values]),
    );
  }

  /** Renews the marker for what was copied since `beganAt`; `late` when that is longer ago than the lease. */
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

  /** One after the other: other commands, and the event loop, get their turn in between. */
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
