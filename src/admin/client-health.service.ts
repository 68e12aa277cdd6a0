import { Injectable } from '@nestjs/common';
import { InvalidFields } from '../platform/http/invalid-fields.js';
import { Clock } from '../platform/time/clock.js';
import { DELAYS, healthOf, type HealthPoint } from '../refresh/client-health.js';
import { ClientHealth } from '../refresh/client-health.worker.js';
import { ClientAdministration } from './client-administration.service.js';
import type { ClientHealthDto, ClientHealthQueryDto } from './client-health.dto.js';

const DAY_MS = 86_400_000;
const LONGEST_MS = 31 * DAY_MS;
const MAX_POINTS = 120;

/** Shows how well a client refreshes, from its counts. */
@Injectable()
export class ClientHealthReports {
  constructor(
    private readonly clients: ClientAdministration,
    private readonly health: ClientHealth,
    private readonly clock: Clock,
  ) {}

  /** @throws InvalidFields; OAuthError not_found */
  async read(clientId: string, query: ClientHealthQueryDto): Promise<ClientHealthDto> {
    const to = query.to === undefined ? this.clock.now() + 1 : Date.parse(query.to);
    const from = query.from === undefined ? to - DAY_MS : Date.parse(query.from);
    if (from >= to || to - from > LONGEST_MS) {
      throw new InvalidFields([{ field: 'from', detail: 'from must be before to, by 31 days at most' }]);
    }
    const { retryWindowSeconds } = await this.clients.find(clientId);
    const stepSeconds = Math.ceil((to - from) / MAX_POINTS / 60_000) * 60;
    const points = await this.health.read(clientId, from, to, stepSeconds);
    const health = healthOf(points, retryWindowSeconds);
    const { refreshes, retries, stale, reuse, refused, lateShare, delays, suggestedWindowSeconds } = health;
    return {
      client_id: clientId,
      from: new Date(from).toISOString(),
      to: new Date(to).toISOString(),
      refreshes,
      retries,
      stale,
      reuse,
      refused,
      late_share: lateShare,
      delays: delays.map(({ upToSeconds, ...counts }) => ({
        ...(upToSeconds !== DELAYS.at(-1) && { up_to_seconds: upToSeconds }),
        ...counts,
      })),
      retry_window_seconds: retryWindowSeconds,
      ...(suggestedWindowSeconds !== undefined && { suggested_retry_window_seconds: suggestedWindowSeconds }),
      step_seconds: stepSeconds,
      points: pointsOf(points, retryWindowSeconds),
    };
  }
}

function pointsOf(points: readonly HealthPoint[], windowSeconds: number): ClientHealthDto['points'] {
  return [...new Set(points.map(({ at }) => at))].map((at) => {
    const step = points.filter((point) => point.at === at);
    const { refreshes, retries, stale, reuse, refused } = healthOf(step, windowSeconds);
    const others = Object.values(refused).reduce((sum, count) => sum + count, 0);
    return { at: new Date(at).toISOString(), refreshes, retries, late: stale + reuse, refused: others };
  });
}
