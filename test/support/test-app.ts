/** The whole service on an ephemeral port: real HTTP, a real database, and a clock that the test sets. */
import { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { pino } from 'pino';
import { DataSource } from 'typeorm';
import { AppModule } from '../../src/app.module.js';
import { setUp } from '../../src/server/app.setup.js';
import { Config } from '../../src/platform/config/config.js';
import { loadConfig } from '../../src/platform/config/load-config.js';
import { EmbeddedDatabase } from '../../src/platform/database/embedded-database.js';
import { createAdapter } from '../../src/server/fastify-adapter.js';
import { NestLogger } from '../../src/platform/http/logger.js';
import { Clock } from '../../src/platform/time/clock.js';
import { testDatabasePool } from './embedded-database.js';
import { leaksIn } from './seen-secrets.js';
import { freePort } from './server-process.js';
import { stopWorkers } from './stop-workers.js';
import { TestClock } from './test-clock.js';

export interface TestApp {
  readonly url: string;
  readonly issuer: string;
  readonly clock: TestClock;
  /** Every line that the service has logged, at level trace. */
  readonly logs: string[];
  readonly nest: NestFastifyApplication;
  readonly database: DataSource;
  /** @throws with SCAN_LOGS set, when a line of its log has a secret */
  close(): Promise<void>;
}

export interface TestAppOptions {
  /** Settings as the environment gives them. */
  readonly environment?: Record<string, string>;
  readonly clock?: TestClock;
  /** False for tests that count statements or rows: no periodic work once it listens. */
  readonly background?: boolean;
}

export const TEST_SECRET = 'test-master-key-0123456789-abcdefghijklmnop';
const TEST_ISSUER = 'http://rekey.test';

/** Embedded unless the environment names a DATABASE_URL. */
export async function startApp({
  environment = {},
  clock = new TestClock(),
  background = true,
}: TestAppOptions = {}): Promise<TestApp> {
  const config = loadConfig({
    NODE_ENV: 'test',
    REKEY_SECRET: TEST_SECRET,
    REKEY_ISSUER: TEST_ISSUER,
    PORT: '0',
    REKEY_LOG_LEVEL: 'trace',
    ...environment,
  });
  const logs: string[] = [];
  const logger = pino({ level: 'trace' }, { write: (line: string) => void logs.push(line) });
  const testing = await Test.createTestingModule({ imports: [AppModule] })
    .overrideProvider(Config)
    .useValue(config)
    .overrideProvider(Clock)
    .useValue(clock)
    .overrideProvider(EmbeddedDatabase)
    .useValue({ open: testDatabasePool })
    .setLogger(new NestLogger(logger))
    .compile();
  const nest = testing.createNestApplication<NestFastifyApplication>(createAdapter(config), { bodyParser: false });
  setUp(nest, logger);
  await nest.listen(config.port, '127.0.0.1');
  const url = await nest.getUrl();
  const database = nest.get(DataSource);
  const close = async (): Promise<void> => {
    await nest.close();
    const leaks = process.env['SCAN_LOGS'] === undefined ? [] : leaksIn(logs);
    if (leaks.length > 0) throw new Error(`Lines of the log have secrets:\n${leaks.slice(0, 5).join('')}`);
  };
  const app = { url, issuer: config.issuer, clock, logs, nest, database, close };
  if (!background) await stopWorkers(app);
  return app;
}

/** Starts the app with its own URL as issuer, for clients that use discovery. */
export async function startAppAtIssuer({ environment = {}, ...options }: TestAppOptions = {}): Promise<TestApp> {
  const port = String(await freePort());
  return startApp({
    ...options,
    environment: { PORT: port, REKEY_ISSUER: `http://127.0.0.1:${port}`, ...environment },
  });
}
