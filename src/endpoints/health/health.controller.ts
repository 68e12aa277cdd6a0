import { Controller, Get, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { HealthCheckService, type HealthCheckResult } from '@nestjs/terminus';
import type { FastifyReply } from 'fastify';
import { DatabaseHealth } from './database-health.service.js';
import { TrackerHealth } from './tracker-health.service.js';

/** Liveness and readiness, for the orchestrator. */
@ApiExcludeController()
@Controller('health')
export class HealthController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly database: DatabaseHealth,
    private readonly tracker: TrackerHealth,
  ) {}

  /** The process answers. Checks no dependency, because restarting the process does not repair a database. */
  @Get('live')
  live(): { status: 'ok' } {
    return { status: 'ok' };
  }

  /** 503 without PostgreSQL. Without Redis the service is correct but slower: 200, with Redis reported as down. */
  @Get('ready')
  async ready(@Res({ passthrough: true }) reply: FastifyReply): Promise<HealthCheckResult | { status: 'error' }> {
    try {
      return await this.health.check([() => this.database.check(), () => this.tracker.check()]);
    } catch {
      // The error of terminus contains the database's own message.
      void reply.status(503).header('Retry-After', '1');
      return { status: 'error' };
    }
  }
}
