import { Injectable } from '@nestjs/common';
import { Coalescer } from '../platform/database/coalescer.js';
import { Metrics } from '../platform/metrics/metrics.js';
import { Clock } from '../platform/time/clock.js';
import type { RotatedFamily, RotationEntry } from './token-family.repository.js';
import { TokenFamilyRepository } from './token-family.repository.js';

export interface Rotation {
  readonly rotated: RotatedFamily | undefined;
  /** False for a request that found the same one under way, and shares what that came to. */
  readonly leads: boolean;
}

const MAX_ENTRIES = 256;

/** Two statements: one on its way back while the next is on its way out. */
const MAX_IN_FLIGHT = 2;

/** At most this many connections wait for locked rows; the rest keep serving other families. */
const MAX_WAITING = 2;

/**
 * Rotations that arrive together, as one statement. Identical requests share one entry, and a family is in one statement at
 * a time, so that a burst on one token costs its neighbours nothing. What a statement skipped is waited for, one by one.
 */
@Injectable()
export class RotationBatch {
  private readonly underWay = new Map<string, Promise<RotatedFamily | undefined>>();
  private readonly rotations: Coalescer<RotationEntry, RotatedFamily | undefined>;
  private readonly waits: Coalescer<RotationEntry, RotatedFamily | undefined>;

  constructor(store: TokenFamilyRepository, clock: Clock, metrics: Metrics) {
    this.rotations = new Coalescer({
      run: (entries) => store.rotate(entries, clock.now()),
      maxEntries: MAX_ENTRIES,
      maxInFlight: MAX_IN_FLIGHT,
      laneOf: (entry) => entry.handle,
      onBatch: (size) => metrics.rotationBatchSize.observe(size),
    });
    this.waits = new Coalescer({
      run: async ([entry]) => [await store.rotateAlone(entry!, clock.now())],
      maxEntries: 1, // a statement that waits while it holds other rows could deadlock
      maxInFlight: MAX_WAITING,
      laneOf: (entry) => entry.handle,
    });
  }

  /**
   * @param refreshToken as it was presented: with the client and the scope, it says which requests are identical
   * @throws when the database is away; whether the token was rotated is not known then, and asking again tells
   */
  rotate(refreshToken: string, entry: RotationEntry): Promise<Rotation> {
    return this.share(this.rotations, refreshToken, entry);
  }

  /** For a family whose row somebody held when the batch came by. @throws as `rotate`, and when the row is held for too long */
  rotateAlone(refreshToken: string, entry: RotationEntry): Promise<Rotation> {
    return this.share(this.waits, refreshToken, entry);
  }

  private async share(
    rotations: Coalescer<RotationEntry, RotatedFamily | undefined>,
    refreshToken: string,
    entry: RotationEntry,
  ): Promise<Rotation> {
    const key = `${refreshToken} ${entry.clientId} ${entry.scope ?? ''} | ${entry.resource ?? ''}`;
    const same = this.underWay.get(key);
    if (same) return { rotated: await same, leads: false };
    const rotation = rotations.submit(entry);
    this.underWay.set(key, rotation);
    try {
      return { rotated: await rotation, leads: true };
    } finally {
      this.underWay.delete(key);
    }
  }
}
