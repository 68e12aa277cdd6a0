import { Injectable } from '@nestjs/common';
import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics, type Aggregator } from 'prom-client';

/**
 * All metrics of the service. Labels come from fixed lists only, never from clients, subjects or tokens.
 */
@Injectable()
export class Metrics {
  readonly registry = new Registry();

  readonly requests = this.counter('rekey_http_requests_total', 'Answers by route and status.', [
    'route',
    'method',
    'status',
  ]);

  readonly requestSeconds = new Histogram({
    name: 'rekey_http_request_seconds',
    help: 'Time to answer, by route.',
    labelNames: ['route'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
    registers: [this.registry],
  });

  readonly tokenRequests = this.counter('rekey_token_requests_total', 'Token requests by grant type and outcome.', [
    'grant_type',
    'outcome',
  ]);

  readonly refreshes = this.counter(
    'rekey_refreshes_total',
    'Refresh verdicts: rotated, renewed, retry, stale, reuse, ended, client_mismatch, unknown, scope_exceeded, wrong_target, malformed.',
    ['verdict'],
  );

  readonly revocations = this.counter('rekey_revocations_total', 'Durable revocations by kind.', ['kind']);

  readonly revocationLagSeconds = new Histogram({
    name: 'rekey_revocation_lag_seconds',
    help: 'Time from a revocation until the tracker has it.',
    buckets: [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 2, 5],
    registers: [this.registry],
  });

  readonly trackerFailures = this.counter(
    'rekey_revocation_tracker_failures_total',
    'Failed copies to the tracker.',
    [],
  );

  readonly revocationsRestored = this.counter(
    'rekey_revocations_restored_total',
    'Revocations that the tracker was missing, copied to it from PostgreSQL.',
    [],
  );

  readonly introspections = this.counter('rekey_introspections_total', 'Introspections by result.', ['result']);

  readonly clientAuthenticationFailures = this.counter(
    'rekey_client_authentication_failures_total',
    'Failed client authentications by reason.',
    ['reason'],
  );

  readonly signIns = this.counter('rekey_sign_ins_total', 'Attempts to sign in: ok, refused, throttled.', ['outcome']);

  readonly logoutDeliveries = this.counter(
    'rekey_logout_deliveries_total',
    'Back-channel logout requests: delivered, failed (and tried again), given_up.',
    ['outcome'],
  );

  readonly mails = this.counter('rekey_mails_total', 'Mails to users: sent, failed (and tried again), given_up.', [
    'outcome',
  ]);

  readonly rotationBatchSize = new Histogram({
    name: 'rekey_rotation_batch_size',
    help: 'Rotations in one statement.',
    buckets: [1, 2, 4, 8, 16, 32, 64, 128, 256],
    registers: [this.registry],
  });

  readonly cleanedUp = this.counter('rekey_cleanup_rows_total', 'Rows deleted by cleanup.', ['table']);

  readonly cleanupFailures = this.counter('rekey_cleanup_failures_total', 'Cleanup rounds that failed.', []);

  constructor() {
    collectDefaultMetrics({ register: this.registry });
  }

  /** A value that is read at each scrape. @param aggregator how those of several processes become one */
  gauge(name: string, help: string, read: () => number, aggregator: Aggregator = 'sum'): void {
    new Gauge({
      name,
      help,
      aggregator,
      registers: [this.registry],
      collect() {
        this.set(read());
      },
    });
  }

  private counter<T extends string>(name: string, help: string, labelNames: T[]): Counter<T> {
    return new Counter({ name, help, labelNames, registers: [this.registry] });
  }
}
