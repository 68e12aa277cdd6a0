/** PostgreSQL, Redis, and replicas of the service on them: all of a test's own, to be killed, and all stopped at its end. */
import pg from 'pg';
import { createClient } from 'redis';
import { PostgresServer } from './postgres-server.js';
import { RedisServer } from './redis-server.js';
import { RekeyProcess, type RekeyOptions } from './rekey-process.js';

export class Deployment {
  private readonly replicas: RekeyProcess[] = [];

  private constructor(
    readonly postgres: PostgresServer,
    readonly redis: RedisServer,
    readonly databaseUrl: string,
  ) {}

  static async start(): Promise<Deployment> {
    const [postgres, redis] = await Promise.all([PostgresServer.start(), RedisServer.start()]);
    return new Deployment(postgres, redis, await postgres.createDatabase());
  }

  async replica(options: RekeyOptions = {}): Promise<RekeyProcess> {
    const replica = await this.launchReplica(options);
    await replica.ready();
    return replica;
  }

  /** Does not wait for it. */
  async launchReplica(options: RekeyOptions = {}): Promise<RekeyProcess> {
    const { databaseUrl, redis } = this;
    const replica = await RekeyProcess.launch({ databaseUrl, redisUrl: redis.url, ...options });
    this.replicas.push(replica);
    return replica;
  }

  async again(replica: RekeyProcess, options: Partial<RekeyOptions> = {}): Promise<RekeyProcess> {
    const next = await replica.startAgain(options);
    this.replicas.push(next);
    return next;
  }

  /** Asks PostgreSQL itself, on a connection of its own: whatever was done to the others before. */
  async query<Row extends pg.QueryResultRow>(statement: string, values: unknown[] = []): Promise<Row[]> {
    const client = await this.connect();
    try {
      return (await client.query<Row>(statement, values)).rows;
    } finally {
      await client.end();
    }
  }

  connect(): Promise<pg.Client> {
    return Deployment.connectTo(this.databaseUrl);
  }

  static async connectTo(databaseUrl: string): Promise<pg.Client> {
    const client = new pg.Client({ connectionString: databaseUrl, connectionTimeoutMillis: 10_000 });
    client.on('error', () => undefined); // a server that is killed takes its connections with it
    await client.connect();
    return client;
  }

  /** One command to Redis itself. */
  async redisCommand(...command: string[]): Promise<unknown> {
    const client = createClient({ url: this.redis.url });
    client.on('error', () => undefined);
    await client.connect();
    try {
      return await client.sendCommand(command);
    } finally {
      client.destroy();
    }
  }

  async stop(): Promise<void> {
    await Promise.all(this.replicas.map((replica) => replica.kill()));
    await Promise.all([this.postgres.stop(), this.redis.stop()]);
  }
}
