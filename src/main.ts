/** The HTTP process: configure, create, listen, drain. */
import 'reflect-metadata';
import { Logger } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { AppModule } from './app.module.js';
import { setUp } from './server/app.setup.js';
import type { Config } from './platform/config/config.js';
import { processConfig } from './platform/config/process-config.js';
import { StartProblem } from './platform/config/start-problem.js';
import { unknownVariables } from './platform/config/unknown-variables.js';
import { version } from './platform/config/version.js';
import { awaitDatabase } from './platform/database/await-database.js';
import { Readiness } from './endpoints/health/readiness.service.js';
import { banner } from './first-boot/banner.js';
import { DemoClient } from './first-boot/demo-client.service.js';
import { FirstBoot } from './first-boot/first-boot.service.js';
import { WrongMasterKeyError } from './keys/master-key.js';
import { drainerOf } from './server/drain.js';
import { createAdapter } from './server/fastify-adapter.js';
import { listenProblem } from './server/listen-problem.js';
import { logError } from './platform/http/log-error.js';
import { createLogger, NestLogger } from './platform/http/logger.js';

try {
  await start(processConfig());
} catch (error) {
  console.error(startFailure(error));
  process.exit(1);
}

/** Errors that the operator can fix need no stack trace; others do. Never the error itself: a statement's contains its parameters. */
function startFailure(error: unknown): unknown {
  const isTheirs = error instanceof StartProblem || error instanceof WrongMasterKeyError;
  return error instanceof Error && !isTheirs ? error.stack : String((error as Partial<Error>).message ?? error);
}

async function start(config: Config): Promise<void> {
  const logger = createLogger(config);
  for (const { name, nearest } of unknownVariables(process.env)) {
    logger.warn({ msg: `${name} is not a setting and is ignored. The most similar one is ${nearest}.` });
  }
  if (config.databaseUrl !== undefined) logger.info({ msg: 'starting', version });
  const app = await NestFactory.create<NestFastifyApplication>(AppModule, createAdapter(config), {
    bodyParser: false,
    abortOnError: false,
    logger: new NestLogger(logger),
  });
  setUp(app, logger);
  await app.init();
  const embedded = await awaitDatabase(() => app.get(FirstBoot, { strict: false }).run());
  const demoClient = embedded && (await app.get(DemoClient, { strict: false }).start(embedded.credentials));
  await app.listen(config.port, config.host).catch((error: Error) => {
    throw listenProblem(error, config);
  });
  const drain = drainerOf(app, logger, () => app.get(Readiness, { strict: false }).drain());
  // An embedded service is alone: while it drains, nobody could take over.
  const serveSeconds = config.databaseUrl === undefined ? 0 : config.drainSeconds;
  process.on('SIGTERM', () => drain('SIGTERM', 0, serveSeconds) || process.exit(1));
  process.on('SIGINT', () => drain('SIGINT', 0, 0) || process.exit(1));
  // After an uncaught exception the state of the process is unknown, so it answers the open requests and exits.
  process.on('uncaughtException', (thrown: unknown) => {
    const error = thrown instanceof Error ? thrown : new Error('Something was thrown that is not an Error.');
    logError(new Logger('Process'), error, 'none'); // of no request
    drain('uncaught exception', 1, 0);
  });
  const url = await app.getUrl();
  if (embedded) console.log(banner({ url, dataDir: config.dataDir, demoClient, ...embedded }));
  else logger.info({ msg: 'ready', version, url });
}
