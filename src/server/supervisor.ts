/**
 * Several processes on one port (`REKEY_PROCESSES`). The first one migrates and listens before the others start, so a problem at
 * the start is reported once. Afterwards a process that ends is replaced, and SIGTERM and SIGINT drain all of them together.
 */
import cluster, { type Worker } from 'node:cluster';
import type { Logger } from 'pino';
import type { Config } from '../platform/config/config.js';
import { version } from '../platform/config/version.js';
import { createLogger } from '../platform/http/logger.js';
import { ProcessMetrics, type Measured } from '../platform/metrics/process-metrics.js';
import { CHORES_VARIABLE, type ToSupervisor } from '../platform/processes/messages.js';
import { CLOSE_WITHIN_MS } from './drain.js';
import { closeUnacceptedAtExit } from './handover.js';
import { restartDelayMs } from './restart-delay.js';
import { Switchboard, tell } from './switchboard.js';

/** One of the processes and, when it has ended, its successors. */
interface Place {
  readonly doesChores: boolean;
  startedAt: number;
  isServing: boolean;
  /** Ends in a row, each soon after its start. */
  failures: number;
}

export function supervise(config: Config): void {
  new Supervisor(config, createLogger(config)).start();
}

class Supervisor {
  private readonly places = new Map<Worker, Place>();
  private readonly restarts = new Set<NodeJS.Timeout>();
  private readonly metrics = new ProcessMetrics<Worker>(() => this.serving().length);
  private readonly switchboard: Switchboard;
  private state: 'first starts' | 'others start' | 'serving' | 'draining' = 'first starts';
  private exitCode = 0;

  constructor(
    private readonly config: Config,
    private readonly logger: Logger,
  ) {
    this.switchboard = new Switchboard(
      () => this.serving(),
      (worker, question, answer) => {
        if (question === 'metrics') this.metrics.remember(worker, answer as Measured);
      },
      async (question) => (question === 'metrics' ? this.metrics.own() : []),
    );
  }

  start(): void {
    this.logger.info({ msg: 'starting', version, processes: this.config.processes });
    cluster.setupPrimary({ serialization: 'advanced' }); // metrics have NaN and Infinity, which JSON does not have
    cluster.on('message', (worker, message: ToSupervisor) => {
      if (message.kind === 'serving') this.serves(worker, message.url);
      else this.switchboard.receive(worker, message);
    });
    cluster.on('exit', (worker, code, signal) => this.ended(worker, code, signal as NodeJS.Signals | null));
    this.fork({ doesChores: true, startedAt: 0, isServing: false, failures: 0 });
  }

  private serving(): Worker[] {
    return [...this.places].flatMap(([worker, { isServing }]) => (isServing ? [worker] : []));
  }

  private fork(place: Place): void {
    const settled = this.state === 'first starts' ? {} : { REKEY_MIGRATE_AT_BOOT: 'off' };
    const worker = cluster.fork({ ...settled, [CHORES_VARIABLE]: place.doesChores ? '1' : '' });
    closeUnacceptedAtExit(worker);
    place.startedAt = performance.now();
    this.places.set(worker, place);
  }

  private serves(worker: Worker, url: string): void {
    const place = this.places.get(worker);
    if (!place) return;
    place.isServing = true;
    if (this.state === 'first starts') {
      this.state = 'others start';
      process.on('SIGTERM', () => this.drain('SIGTERM', this.config.drainSeconds));
      process.on('SIGINT', () => this.drain('SIGINT', 0));
      for (let count = 1; count < this.config.processes; count += 1) {
        this.fork({ doesChores: false, startedAt: 0, isServing: false, failures: 0 });
      }
    }
    if (this.state === 'others start' && this.serving().length === this.config.processes) {
      this.state = 'serving';
      this.logger.info({ msg: 'ready', version, url, processes: this.config.processes });
    }
  }

  private ended(worker: Worker, code: number | null, signal: NodeJS.Signals | null): void {
    const place = this.places.get(worker);
    this.places.delete(worker);
    this.switchboard.leave(worker);
    if (!place) return;
    if (this.state === 'draining') {
      if (place.isServing && code !== 0) this.exitCode = 1;
      if (this.places.size === 0) this.stop();
      return;
    }
    // It has logged the reason; the others, if any have started, end with the supervisor.
    if (this.state !== 'serving') return process.exit(code || 1);
    this.replace(worker, place, code, signal);
  }

  private replace(worker: Worker, place: Place, code: number | null, signal: NodeJS.Signals | null): void {
    void this.metrics.forget(worker);
    this.metrics.restarts.inc();
    const { failures, delayMs } = restartDelayMs(place.failures, performance.now() - place.startedAt);
    Object.assign(place, { failures, isServing: false });
    const { pid } = worker.process;
    this.logger.error({ msg: 'a process ended and is replaced', pid, exit_code: code, signal, in_ms: delayMs });
    const restart = setTimeout(() => {
      this.restarts.delete(restart);
      this.fork(place);
    }, delayMs);
    this.restarts.add(restart);
  }

  /** All processes serve on and close at the same time. A second signal does not wait. */
  private drain(reason: string, serveSeconds: number): void {
    if (this.state === 'draining') process.exit(1);
    this.state = 'draining';
    this.logger.info({ msg: 'draining', reason, seconds: serveSeconds });
    for (const restart of this.restarts) clearTimeout(restart);
    for (const [worker, { isServing }] of this.places) {
      if (isServing) tell(worker, { kind: 'drain', reason, serveSeconds });
      else worker.process.kill('SIGKILL');
    }
    const cutOff = () => [...this.places.keys()].forEach((worker) => worker.process.kill('SIGKILL'));
    setTimeout(cutOff, serveSeconds * 1000 + CLOSE_WITHIN_MS).unref();
    if (this.places.size === 0) this.stop();
  }

  private stop(): void {
    this.logger.info({ msg: 'stopped', exit_code: this.exitCode });
    this.logger.flush();
    process.exitCode = this.exitCode;
  }
}
