/**
 * The process's only connection to Redis. It enforces the deadlines of commands, and logs one line when Redis goes away and one
 * when it is back. A Redis that is away neither stops a start nor ends the process; one that refuses at the start ends it,
 * because waiting does not correct a password.
 *
 * Every command succeeds or fails within its deadline. If the server hangs (paused, half-open), the first command that misses its
 * deadline closes the connection, which fails all commands that wait on it; until a new connection is established, commands fail
 * at once. So nothing hangs and nothing queues up.
 */
import { once } from 'node:events';
import { Logger, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { StartProblem } from '../config/start-problem.js';
import { createRedisClient, type RedisClient } from './redis-client.js';

const DEADLINE_MS = 250;

/** User, password, rights or database are wrong, or the server too old. Beside these an error reply may be of a Redis that is loading. */
const REFUSES = /^(WRONGPASS|NOAUTH|NOPERM|DENIED|ERR (DB index|invalid password|AUTH|Client sent|unknown command))/;

export class RedisAwayError extends Error {
  override readonly name = 'RedisAwayError';
}

export class RedisConnection implements OnModuleInit, OnApplicationShutdown {
  /** For libraries that need a client. Wrap their calls in `run` too, because the client itself has no deadline. */
  readonly client: RedisClient;
  readonly #log = new Logger('Redis');
  #away = false;
  #closed = false;

  constructor(
    private readonly url: string,
    private readonly deadlineMs = DEADLINE_MS,
  ) {
    this.client = createRedisClient(url);
    this.client.on('error', (error: Error) => this.#sayAway(error));
    this.client.on('ready', () => this.#onReady());
  }

  /** Until the first answer or failure. @throws StartProblem when Redis refuses */
  async onModuleInit(): Promise<void> {
    const failure = new Promise<Error>((resolve) => void this.client.once('error', resolve));
    const ready = once(this.client, 'ready').catch(() => undefined); // `failure` has the error
    this.open();
    const outcome = await Promise.race([failure, ready]);
    if (outcome instanceof Error && REFUSES.test(outcome.message)) {
      const { hostname, port } = new URL(this.url);
      throw new StartProblem(`Redis at ${hostname}:${port || 6379} refuses: ${outcome.message}. Check REDIS_URL.`);
    }
  }

  onApplicationShutdown(): void {
    this.close();
  }

  /** Starts connecting, and reconnects until `close`. Returns at once. */
  open(): void {
    this.client.connect().catch(() => undefined); // rejects only when it is closed; errors go to the listener
  }

  /** Closes at once: commands that still wait fail with `RedisAwayError`. */
  close(): void {
    this.#closed = true;
    this.client.destroy();
  }

  get isReady(): boolean {
    return this.client.isReady;
  }

  /** Changes with every new connection, because facts about the server from an older one may no longer hold. */
  get epoch(): number {
    return this.client.socketEpoch;
  }

  /** @throws within the deadline: RedisAwayError, or the command's own error */
  run<T>(command: (client: RedisClient) => Promise<T>, deadlineMs = this.deadlineMs): Promise<T> {
    if (!this.client.isReady) return Promise.reject(new RedisAwayError('Redis is not connected'));
    const { epoch } = this;
    return new Promise<T>((resolve, reject) => {
      let waiting = true;
      const answer = command(this.client);
      const expire = () => {
        if (!waiting) return;
        const late = new RedisAwayError(`Redis did not answer within ${deadlineMs} ms`);
        this.#cut(epoch, late);
        reject(late);
      };
      // One turn of the event loop later, so that an answer that arrived while this process was busy is read first.
      const deadline = setTimeout(() => setImmediate(expire), deadlineMs);
      const settle = () => {
        waiting = false;
        clearTimeout(deadline);
      };
      answer.then(
        (value) => {
          settle();
          resolve(value);
        },
        (error: Error) => {
          settle();
          // The master was demoted; the address may lead to its successor by now.
          if (error.message?.startsWith('READONLY')) this.#cut(epoch, error);
          reject(error);
        },
      );
    });
  }

  /**
   * Replaces the connection, only if it is still the same one: destroying the client during an attempt would leave two
   * reconnect loops.
   */
  #cut(epoch: number, reason: Error): void {
    if (this.#closed || !this.client.isReady || this.epoch !== epoch) return;
    this.#sayAway(reason);
    this.client.destroy();
    this.open();
  }

  #onReady(): void {
    // A connection attempt can still succeed after the client was destroyed.
    if (this.#closed) return this.client.destroy();
    if (this.#away) this.#log.log('Redis is back');
    this.#away = false;
  }

  #sayAway(error: Error): void {
    if (this.#away || this.#closed) return;
    this.#away = true;
    this.#log.warn(`Redis is away: ${(error as NodeJS.ErrnoException).code ?? error.message}`);
  }
}
