import { Injectable } from '@nestjs/common';
import { Rotations } from '../../refresh/rotations.service.js';
import { Clock } from '../../platform/time/clock.js';

/** Several probes may ask, and everyone in the network may: one proof a second is enough for all. */
const PROOF_LASTS_MS = 1000;

/** Whether the service can do its work: PostgreSQL takes the statement of a refresh, and the process is not draining. */
@Injectable()
export class Readiness {
  private provenAt = -Infinity;
  private proof: Promise<void> | undefined;
  private draining = false;

  constructor(
    private readonly rotations: Rotations,
    private readonly clock: Clock,
  ) {}

  /** From now on the service is not ready, whatever it still answers. */
  drain(): void {
    this.draining = true;
  }

  /** Never rejects. False within the time limit of a statement, a second. */
  async isReady(): Promise<boolean> {
    if (this.draining) return false;
    if (Math.abs(this.clock.now() - this.provenAt) < PROOF_LASTS_MS) return true;
    this.proof ??= this.prove();
    try {
      await this.proof;
      return !this.draining;
    } catch {
      return false;
    }
  }

  private async prove(): Promise<void> {
    try {
      await this.rotations.prove();
      this.provenAt = this.clock.now();
    } finally {
      this.proof = undefined;
    }
  }
}
