import { Controller, Get, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { RevocationTracker } from '../../revocation/revocation-tracker.js';
import { Readiness } from './readiness.service.js';

/** Liveness and readiness, for the orchestrator. */
@ApiExcludeController()
@Controller('health')
export class HealthController {
  constructor(
    private readonly readiness: Readiness,
    private readonly tracker: RevocationTracker,
  ) {}

  /** The process answers. Checks no dependency, because restarting the process does not repair a database. */
  @Get('live')
  live(): { status: 'ok' } {
    return { status: 'ok' };
  }

  /**
   * 503, without the reason, while PostgreSQL cannot serve or the process drains. Without Redis the service is correct but slower,
   * because checks go to PostgreSQL: 200, with the tracker reported as degraded.
   */
  @Get('ready')
  async ready(@Res({ passthrough: true }) reply: FastifyReply): Promise<object> {
    if (!(await this.readiness.isReady())) {
      void reply.status(503).header('Retry-After', '1');
      return { status: 'error' };
    }
    const { state } = this.tracker;
    return {
      status: 'ok',
      details: {
        database: { status: 'up' },
        revocation_tracker: { status: 'up', state, degraded: state !== 'ready' },
      },
    };
  }
}
