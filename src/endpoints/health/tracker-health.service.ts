import { Injectable } from '@nestjs/common';
import { HealthIndicatorService, type HealthIndicatorResult } from '@nestjs/terminus';
import { RevocationTracker } from '../../revocation/revocation-tracker.js';

@Injectable()
export class TrackerHealth {
  constructor(
    private readonly indicators: HealthIndicatorService,
    private readonly tracker: RevocationTracker,
  ) {}

  /** Never down: while the tracker cannot answer, PostgreSQL does. */
  check(): HealthIndicatorResult {
    const { state } = this.tracker;
    return this.indicators.check('revocation_tracker').up({ state, degraded: state !== 'ready' });
  }
}
