import { Controller, Get, Res, type OnModuleInit } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { ProcessGroup } from '../../platform/processes/process-group.service.js';
import { RevocationTracker } from '../../revocation/revocation-tracker.js';
import { Readiness } from './readiness.service.js';

/** Of one process, for the whole service. */
interface Ready {
  readonly isReady: boolean;
  readonly tracker: RevocationTracker['state'];
}

/** Liveness and readiness, for the orchestrator. With several processes any of them is asked, and answers for all. */
@ApiExcludeController()
@Controller('health')
export class HealthController implements OnModuleInit {
  constructor(
    private readonly readiness: Readiness,
    private readonly tracker: RevocationTracker,
    private readonly processes: ProcessGroup,
  ) {}

  onModuleInit(): void {
    this.processes.answer('live', () => true);
    this.processes.answer('ready', async (): Promise<Ready> => {
      return { isReady: await this.readiness.isReady(), tracker: this.tracker.state };
    });
  }

  /** All processes answer. Checks no dependency, because restarting the service does not repair a database. */
  @Get('live')
  async live(@Res({ passthrough: true }) reply: FastifyReply): Promise<object> {
    const answers = await this.processes.ask<true>('live');
    return answers.includes(undefined) ? unavailable(reply) : { status: 'ok' };
  }

  /**
   * 503, without the reason, while PostgreSQL cannot serve or the service drains. Without Redis the service is correct but slower,
   * because checks go to PostgreSQL: 200, with the tracker reported as degraded.
   */
  @Get('ready')
  async ready(@Res({ passthrough: true }) reply: FastifyReply): Promise<object> {
    const ready = (await this.processes.ask<Ready>('ready')).filter((one) => one?.isReady);
    if (ready.length === 0) return unavailable(reply);
    const state = ready.find((one) => one?.tracker !== 'ready')?.tracker ?? 'ready';
    return {
      status: 'ok',
      details: {
        database: { status: 'up' },
        revocation_tracker: { status: 'up', state, degraded: state !== 'ready' },
      },
    };
  }
}

function unavailable(reply: FastifyReply): object {
  void reply.status(503).header('Retry-After', '1');
  return { status: 'error' };
}
