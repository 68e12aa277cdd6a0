import { Controller, Get, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { HealthCheckService, type HealthCheckResult } from '@nestjs/terminus';
import type { FastifyReply } from 'fastify';
import { DatabaseHealth } from './database-health.service.js';
import { TrackerHealth } from './tracker-health.service.js';

/** For whatever runs the service: is it alive, and may it get traffic? */
@ApiExcludeController()
@Controller('health')
export class HealthController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly database: DatabaseHealth,
    private readonly tracker: TrackerHealth,
  ) {}

  /** Says that the process answers. It depends on nothing: restarting a process mends no database. */
  @Get('live')
  live(): { status: 'ok' } {
    return { status: 'ok' };
  }

  /** 503 without PostgreSQL. Without Redis everything is still right, only slower: 200, and it says so. */
  @Get('ready')
  async ready(@Res({ passthrough: true }) reply: FastifyReply): Promise<HealthCheckResult | { status: 'error' }> {
    try {
      return await this.health.check([() => this.database.check(), () => this.tracker.check()]);
    } catch {
      // What terminus would say of the failure holds the database's own message.
      void reply.status(503).header('Retry-After', '1');
      return { status: 'error' };
    }
  }
}
