import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { ClientDirectory } from '../clients/client-directory.service.js';
import { DeliveryLoop } from '../platform/outbox/delivery-loop.js';
import { Metrics } from '../platform/metrics/metrics.js';
import { Clock } from '../platform/time/clock.js';
import { BackchannelRequest, type Failure } from './backchannel-request.service.js';
import { isOver, type LogoutNotice } from './logout-notice.js';
import { LogoutNotices } from './logout-notices.service.js';
import { LogoutTokens } from './logout-token.service.js';

const MAX_UNDER_WAY = 32;
/** Per client, so that one that does not answer does not hold up the others. */
const MAX_UNDER_WAY_PER_CLIENT = 4;

/** Notifies clients in the background that a login session has ended; no request waits for it. All replicas share the work. */
@Injectable()
export class LogoutDeliveryWorker implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger('LogoutDelivery');
  private readonly loop: DeliveryLoop<LogoutNotice>;

  constructor(
    private readonly notices: LogoutNotices,
    private readonly tokens: LogoutTokens,
    private readonly request: BackchannelRequest,
    private readonly clients: ClientDirectory,
    private readonly metrics: Metrics,
    private readonly clock: Clock,
  ) {
    this.loop = new DeliveryLoop<LogoutNotice>({
      maxUnderWay: MAX_UNDER_WAY,
      lease: (limit, busy) => notices.lease(limit, MAX_UNDER_WAY_PER_CLIENT, busy),
      deliver: (notice) => this.attempt(notice),
      laneOf: ({ clientId }) => clientId,
      onError: ({ name }, during) =>
        this.logger.warn({
          msg: during === 'lease' ? 'logout notices could not be read' : 'logout notice kept for later',
          error: name,
        }),
    });
  }

  onApplicationBootstrap(): void {
    this.loop.start();
  }

  onApplicationShutdown(): Promise<void> {
    return this.loop.stop();
  }

  /** See `DeliveryLoop.wake`. */
  wake(): void {
    this.loop.wake();
  }

  /** See `DeliveryLoop.run`. */
  run(): Promise<void> {
    return this.loop.run();
  }

  private async attempt(notice: LogoutNotice): Promise<void> {
    const client = await this.clients.find(notice.clientId);
    if (!client || client.backchannelLogoutUri === null) return this.giveUp(notice, 'no_backchannel_logout_uri');
    if (isOver(notice, this.clock.now())) return this.giveUp(notice, 'expired');
    const token = await this.tokens.issue(client, notice);
    const failure = await this.request.send(client.backchannelLogoutUri, token);
    if (failure) return this.fail(notice, failure);
    await this.notices.delivered(notice);
    this.metrics.logoutDeliveries.inc({ outcome: 'delivered' });
  }

  private async fail(notice: LogoutNotice, failure: Failure): Promise<void> {
    const givenUp = await this.notices.failed(notice, failure);
    if (givenUp) this.report(notice, failure);
    else this.metrics.logoutDeliveries.inc({ outcome: 'failed' });
  }

  private async giveUp(notice: LogoutNotice, reason: string): Promise<void> {
    await this.notices.giveUp(notice, reason);
    this.report(notice, reason);
  }

  private report({ clientId, attempts }: LogoutNotice, reason: string): void {
    this.metrics.logoutDeliveries.inc({ outcome: 'given_up' });
    this.logger.warn({ msg: 'a client was not notified of a logout', client_id: clientId, attempts, reason });
  }
}
