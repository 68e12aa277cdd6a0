/**
 * The process's one connection to Redis. It owns when a command has waited long enough, and what is said about it: one
 * line when Redis goes away, one when it is back. It never throws at boot, never delays it, and never ends the process.
 *
 * A command is answered, refused or failed within its deadline. On a server that stands still (paused, half-open) the
 * first command that misses its deadline cuts the connection, which fails all that wait on it; until a new connection
 * has shaken hands, commands are refused at once. So nothing hangs and nothing piles up.
 */
import { Logger, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { createRedisClient, type RedisClient } from './redis-client.js';

const DEADLINE_MS = 250;

export class RedisAwayError extends Error {
  override readonly name = 'RedisAwayError';
}

export class RedisConnection implements OnModuleInit, OnApplicationShutdown {
  /** For libraries that want a client. Their calls belong inside `run` too: on its own the client knows no deadline. */
  readonly client: RedisClient;
  readonly #log = new Logger('Redis');
  #away = false;
  #closed = false;

  constructor(
    url: string,
    private readonly deadlineMs = DEADLINE_MS,
  ) {
    this.client = createRedisClient(url);
    this.client.on('error', (error: Error) => this.#sayAway(error));
    this.client.on('ready', () => this.#onReady());
  }

  onModuleInit(): void {
    this.open();
  }

  onApplicationShutdown(): void {
    this.close();
  }

  /** Begins to connect, and to reconnect for ever after. Waits for nothing. */
  open(): void {
    this.client.connect().catch(() => undefined); // rejects only when it is closed; errors come by the listener
  }

  /** At once: commands that still wait are told that Redis is away. */
  close(): void {
    this.#closed = true;
    this.client.destroy();
  }

  get isReady(): boolean {
    return this.client.isReady;
  }

  /** A number that changes with every new connection: what was learnt about the server on an older one may not hold. */
  get epoch(): number {
    return this.client.socketEpoch;
  }

  /** @throws RedisAwayError, or what the command itself fails with, within the deadline */
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
      // One turn of the event loop later: an answer that arrived while this process was busy is read first.
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
          // A master that was demoted: the address may lead to its successor by now.
          if (error.message?.startsWith('READONLY')) this.#cut(epoch, error);
          reject(error);
        },
      );
    });
  }

  /**
   * Replaces the connection. Only while that very connection stands: destroying the client in the middle of an attempt
   * would leave two loops connecting.
   */
  #cut(epoch: number, reason: Error): void {
    if (this.#closed || !this.client.isReady || this.epoch !== epoch) return;
    this.#sayAway(reason);
    this.client.destroy();
    this.open();
  }

  #onReady(): void {
    // An attempt that was under way when the client was destroyed still succeeds.
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
