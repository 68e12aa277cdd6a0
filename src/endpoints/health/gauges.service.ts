import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { Pool } from 'pg';
import { DataSource } from 'typeorm';
import type { PostgresDriver } from 'typeorm/driver/postgres/PostgresDriver.js';
import { PasswordThreads } from '../../passwords/password-threads.service.js';
import { Metrics } from '../../platform/metrics/metrics.js';
import { RevocationTracker } from '../../revocation/revocation-tracker.js';

/** Gauges of the tracker, the connection pool and the password threads, read at each scrape. */
@Injectable()
export class ServiceGauges implements OnModuleInit {
  constructor(
    private readonly metrics: Metrics,
    private readonly tracker: RevocationTracker,
    private readonly dataSource: DataSource,
    private readonly threads: PasswordThreads,
  ) {}

  onModuleInit(): void {
    const pool = () => (this.dataSource.driver as PostgresDriver).master as Pool;
    this.metrics.gauge(
      'rekey_revocation_tracker_ready',
      'Whether checks are answered from the tracker (1) or from PostgreSQL (0).',
      () => Number(this.tracker.state === 'ready'),
      'min',
    );
    this.metrics.gauge('rekey_database_connections', 'Open connections to PostgreSQL.', () => pool().totalCount);
    this.metrics.gauge('rekey_database_connections_idle', 'Idle connections to PostgreSQL.', () => pool().idleCount);
    this.metrics.gauge('rekey_database_waiting', 'Statements that wait for a connection.', () => pool().waitingCount);
    const { metrics, threads } = this;
    metrics.gauge('rekey_password_threads_working', 'Threads that hash a password now.', () => threads.working);
    metrics.gauge('rekey_passwords_waiting', 'Passwords that wait for a thread.', () => threads.waiting);
  }
}
