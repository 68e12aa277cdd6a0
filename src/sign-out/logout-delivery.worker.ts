import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { ClientDirectory } from '../clients/client-directory.service.js';
import { Metrics } from '../platform/metrics/metrics.js';
import { Clock } from '../platform/time/clock.js';
import { BackchannelRequest, type Failure } from './backchannel-request.service.js';
import { isOver, type LogoutNotice } from './logout-notice.js';
import { LogoutNotices } from './logout-notices.service.js';
import { LogoutTokens } from './logout-token.service.js';

/** Interval for retries and for notices left behind by a process that died. A sign-out wakes its own process at once. */
const LOOK_EVERY_MS = 5000;

const MAX_UNDER_WAY = 32;
/** Per client, so that one that does not answer does not hold up the others. */
const MAX_UNDER_WAY_PER_CLIENT = 4;

/** Notifies clients in the background that a login session has ended; no request waits for it. All replicas share the work. */
@Injectable()
export class LogoutDeliveryWorker implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger('LogoutDelivery');
  /** The deliveries under way, and their clients. */
  private readonly underWay = new Map<Promise<void>, string>();
  private timer: NodeJS.Timeout | undefined;
  private stopped = false;
  private turn: Promise<unknown> = Promise.resolve();
  private nextTurn: Promise<boolean> | undefined;

  constructor(
    private readonly notices: LogoutNotices,
    private readonly tokens: LogoutTokens,
    private readonly request: BackchannelRequest,
    private readonly clients: ClientDirectory,
    private readonly metrics: Metrics,
    private readonly clock: Clock,
  ) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => this.wake(), LOOK_EVERY_MS).unref();
  }

  /** Waits for the deliveries under way; the rest is left to other replicas or the next start. */
  async onApplicationShutdown(): Promise<void> {
    this.stopped = true;
    clearInterval(this.timer);
    await this.turn;
    await Promise.all(this.underWay.keys());
  }

  /** Looks for due notices now. Returns at once and never throws. */
  wake(): void {
    this.takeUp().catch((error: Error) =>
      this.logger.warn({ msg: 'logout notices could not be read', error: error.name }),
    );
  }

  /** Delivers all due notices and waits for them. @throws errors of the database */
  async run(): Promise<void> {
    while (await this.takeUp()) await Promise.all(this.underWay.keys());
  }

  /** Runs one `take` at a time; calls that come while one is queued share it. @returns whether there may be more: see `take` */
  private takeUp(): Promise<boolean> {
    this.nextTurn ??= this.turn.then(() => {
      this.nextTurn = undefined;
      const taken = this.take();
      this.turn = taken.catch(() => undefined);
      return taken;
    });
    return this.nextTurn;
  }

  /** @returns false if nothing is due; true if notices were leased, or skipped because their clients were busy */
  private async take(): Promise<boolean> {
    let more = false;
    while (!this.stopped) {
      const room = MAX_UNDER_WAY - this.underWay.size;
      if (room <= 0) return true;
      const busy = [...new Set(this.underWay.values())];
      const leased = await this.notices.lease(room, MAX_UNDER_WAY_PER_CLIENT, busy);
      more ||= busy.length > 0 || leased.length > 0;
      if (leased.length === 0) break;
      for (const notice of leased) this.start(notice);
    }
    return more;
  }

  private start(notice: LogoutNotice): void {
    const delivery = this.deliver(notice).finally(() => {
      this.underWay.delete(delivery);
      if (!this.stopped) this.wake();
    });
    this.underWay.set(delivery, notice.clientId);
  }

  /** Never rejects: a notice whose outcome could not be stored is leased again when its lease ends. */
  private async deliver(notice: LogoutNotice): Promise<void> {
    try {
      await this.attempt(notice);
    } catch (error) {
      this.logger.warn({ msg: 'logout notice kept for later', error: (error as Error).name });
    }
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
