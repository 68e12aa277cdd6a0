import { availableParallelism } from 'node:os';
import { performance, type EventLoopUtilization } from 'node:perf_hooks';
import { Worker } from 'node:worker_threads';
import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { OAuthError } from '../oauth/oauth-error.js';
import { Config } from '../platform/config/config.js';
import { FairQueue } from './fair-queue.js';
import type { PasswordHash } from './password-hash.js';
import { restMs, type Machine } from './password-pace.js';

/** The tasks of `password-thread.js`. */
export type PasswordTask =
  | { readonly kind: 'hash'; readonly password: string; readonly options: object }
  | { readonly kind: 'verify'; readonly hash: PasswordHash; readonly passwords: readonly string[] };

type Outcome = { readonly value: unknown } | { readonly problem: string };

interface Job {
  readonly task: PasswordTask;
  readonly askedAt: number;
  readonly resolve: (outcome: Outcome) => void;
  readonly reject: (error: unknown) => void;
}

/** A job in progress, its start (`performance.now()`), and the event loop utilization at that time. */
interface Work {
  readonly job: Job;
  readonly startedAt: number;
  readonly loopBefore: EventLoopUtilization;
}

const FILE = new URL('./password-thread.js', import.meta.url);

/** As many as can be computed in a few seconds; further requests are told to retry. */
const WAITING_PER_THREAD = 64;

/** A job that has waited longer is given up: a busy process hashes slowly, and the client tries again. */
const MAX_WAIT_MS = 8000;

/** More passwords are waiting than can be hashed in the next seconds. */
export class PasswordThreadsBusy extends OAuthError {
  static readonly RETRY_AFTER_SECONDS = 2;

  constructor() {
    super('too_many_requests', {
      reason: 'password_queue',
      headers: { 'Retry-After': String(PasswordThreadsBusy.RETRY_AFTER_SECONDS) },
    });
  }
}

/**
 * A few threads of low priority for password hashing, which is slow on purpose. They start on first use, do one job at a time,
 * rest after it while the event loop is busy, and keep the process alive only while they have a job. If a thread dies, its job
 * fails and a new thread takes the next one.
 */
@Injectable()
export class PasswordThreads implements OnApplicationShutdown {
  private readonly logger = new Logger('passwords');
  private readonly machine: Machine;
  private readonly jobs: FairQueue<Job>;
  private readonly threads = new Map<Worker, Work | 'resting' | undefined>();
  private readonly maxWaitMs: number;
  private closed = false;

  /** Leaves one core of its process's share to the event loop. Each working thread takes 20 MB. */
  constructor({ processes, databaseUrl }: Config) {
    const cores = availableParallelism() / processes;
    this.machine = { cores, threads: Math.max(1, Math.min(4, Math.floor(cores - 1))) };
    // An embedded service has no deadlines: its small queue ends by itself.
    this.maxWaitMs = databaseUrl === undefined ? Infinity : MAX_WAIT_MS;
    this.jobs = new FairQueue(WAITING_PER_THREAD * this.machine.threads);
  }

  /**
   * @param source the requester's address: sources take turns, so that none waits for all the jobs of another
   * @throws PasswordThreadsBusy at once, when another source needs the place, or after some seconds; temporarily_unavailable if
   *   the thread dies or the service stops
   */
  run(task: PasswordTask, source: string): Promise<Outcome> {
    if (this.closed) return Promise.reject(stopping());
    return new Promise((resolve, reject) => {
      this.jobs.push(source, { task, askedAt: performance.now(), resolve, reject })?.reject(new PasswordThreadsBusy());
      this.assign();
    });
  }

  get waiting(): number {
    return this.jobs.size;
  }

  get working(): number {
    return [...this.threads.values()].filter((doing) => doing !== undefined && doing !== 'resting').length;
  }

  async onApplicationShutdown(): Promise<void> {
    this.closed = true;
    for (let job = this.jobs.shift(); job; job = this.jobs.shift()) job.reject(stopping());
    await Promise.all([...this.threads.keys()].map((thread) => thread.terminate()));
  }

  private assign(): void {
    while (this.jobs.size > 0) {
      const thread = this.freeThread();
      if (!thread) return;
      const job = this.jobs.shift()!;
      const startedAt = performance.now();
      if (startedAt - job.askedAt > this.maxWaitMs) {
        job.reject(new PasswordThreadsBusy());
        continue;
      }
      this.threads.set(thread, {
        job,
        startedAt,
        loopBefore: performance.eventLoopUtilization(),
      });
      thread.ref();
      thread.postMessage(job.task);
    }
  }

  private freeThread(): Worker | undefined {
    for (const [thread, doing] of this.threads) if (!doing) return thread;
    return this.threads.size < this.machine.threads ? this.start() : undefined;
  }

  /** Starts a thread without the environment, because that contains secrets. */
  private start(): Worker {
    const thread = new Worker(FILE, { name: 'passwords', env: {}, execArgv: [] });
    thread.on('message', (outcome: Outcome) => {
      const work = this.workOf(thread);
      thread.unref();
      work?.job.resolve(outcome);
      this.rest(thread, work);
    });
    thread.on('error', (error) => this.logger.error(`A password thread died: ${error.message}`));
    thread.on('exit', () => {
      const work = this.workOf(thread);
      this.threads.delete(thread);
      work?.job.reject(this.closed ? stopping() : OAuthError.unavailable('password_thread'));
      if (!this.closed) this.assign();
    });
    this.threads.set(thread, undefined);
    return thread;
  }

  private workOf(thread: Worker): Work | undefined {
    const doing = this.threads.get(thread);
    return doing === 'resting' ? undefined : doing;
  }

  private rest(thread: Worker, work: Work | undefined): void {
    const ms = work ? restAfter(work, this.machine) : 0;
    this.threads.set(thread, ms > 0 ? 'resting' : undefined);
    if (ms === 0) return this.assign();
    setTimeout(() => {
      if (!this.threads.has(thread)) return;
      this.threads.set(thread, undefined);
      this.assign();
    }, ms);
  }
}

function restAfter({ startedAt, loopBefore }: Work, machine: Machine): number {
  const { utilization } = performance.eventLoopUtilization(loopBefore);
  return restMs(performance.now() - startedAt, utilization, machine);
}

const stopping = () => OAuthError.unavailable('stopping');
