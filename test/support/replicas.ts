/** Replicas of the service: one PostgreSQL, one Redis and one clock for all of them. */
import { expect } from '@jest/globals';
import { eventually } from './eventually.js';
import { send } from './requests.js';
import { startApp, type TestApp } from './test-app.js';
import { TestClock } from './test-clock.js';
import { freshDatabase, freshRedis } from './test-servers.js';

export class Replicas {
  readonly clock = new TestClock();

  private constructor(
    private readonly database: Awaited<ReturnType<typeof freshDatabase>>,
    private readonly redis: Awaited<ReturnType<typeof freshRedis>>,
  ) {}

  static async prepare(): Promise<Replicas> {
    return new Replicas(await freshDatabase(), await freshRedis());
  }

  get databaseUrl(): string {
    return this.database.url;
  }

  get redisUrl(): string {
    return this.redis.url;
  }

  /** Starts another replica and waits until it is ready. */
  async start(): Promise<TestApp> {
    const environment = { DATABASE_URL: this.databaseUrl, REDIS_URL: this.redisUrl };
    const app = await startApp({ clock: this.clock, environment });
    await eventually(async () => expect((await send(`${app.url}/health/ready`)).status).toBe(200));
    return app;
  }

  /** After the replicas are closed. */
  async release(): Promise<void> {
    await this.database.release();
    await this.redis.release();
  }
}
