/** A process that serves HTTP: create, listen, drain. */
import 'reflect-metadata';
import cluster from 'node:cluster';
import { Logger } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { AppModule } from './app.module.js';
import { setUp } from './server/app.setup.js';
import type { Config } from './platform/config/config.js';
import { unknownVariables } from './platform/config/unknown-variables.js';
import { version } from './platform/config/version.js';
import { awaitDatabase } from './platform/database/await-database.js';
import { Readiness } from './endpoints/health/readiness.service.js';
import { banner } from './first-boot/banner.js';
import { DemoClient } from './first-boot/demo-client.service.js';
import { FirstBoot } from './first-boot/first-boot.service.js';
import { openAdminSocket } from './server/admin-socket.js';
import { drainerOf } from './server/drain.js';
import { createAdapter } from './server/fastify-adapter.js';
import { listenProblem } from './server/listen-problem.js';
import { answerWhileStarting } from './server/while-starting.js';
import type { FromSupervisor, ToSupervisor } from './platform/processes/messages.js';
import { logError } from './platform/http/log-error.js';
import { createLogger, NestLogger } from './platform/http/logger.js';

/** The first of several processes migrates and creates the first client; the others start when it serves. */
const isFirst = (cluster.worker?.id ?? 1) === 1;

export async function serve(config: Config): Promise<void> {
  const logger = createLogger(config);
  // With several processes, the lines about start and end name the process.
  const life = cluster.isWorker ? logger.child({ pid: process.pid }) : logger;
  for (const { name, nearest } of isFirst ? unknownVariables(process.env) : []) {
    logger.warn({ msg: `${name} is not a setting and is ignored. The most similar one is ${nearest}.` });
  }
  if (config.databaseUrl !== undefined) life.info({ msg: 'starting', version });
  const stopAnswering = isFirst ? await answerWhileStarting(config) : undefined;
  const app = await NestFactory.create<NestFastifyApplication>(AppModule, createAdapter(config), {
    bodyParser: false,
    abortOnError: false,
    logger: new NestLogger(logger),
  });
  setUp(app, logger);
  await app.init();
  const embedded = isFirst ? await awaitDatabase(() => app.get(FirstBoot, { strict: false }).run()) : undefined;
  const demoClient = embedded && (await app.get(DemoClient, { strict: false }).start(embedded.credentials));
  const drain = drainerOf(app, life, () => app.get(Readiness, { strict: false }).drain());
  // An embedded service is alone: while it drains, nobody could take over.
  const serveSeconds = config.databaseUrl === undefined ? 0 : config.drainSeconds;
  process.on('SIGTERM', () => drain('SIGTERM', 0, serveSeconds) || process.exit(1));
  process.on('SIGINT', () => drain('SIGINT', 0, 0) || process.exit(1));
  cluster.worker?.on('message', (message: FromSupervisor) => {
    if (message.kind === 'drain') drain(message.reason, 0, message.serveSeconds);
  });
  // After an uncaught exception the state of the process is unknown, so it answers the open requests and exits.
  process.on('uncaughtException', (thrown: unknown) => {
    const error = thrown instanceof Error ? thrown : new Error('Something was thrown that is not an Error.');
    logError(new Logger('Process'), error, 'none'); // not of a request
    drain('uncaught exception', 1, 0);
  });
  await stopAnswering?.();
  await app.listen(config.port, config.host).catch((error: Error) => {
    throw listenProblem(error, config);
  });
  if (config.adminSocket !== undefined) await openAdminSocket(app.getHttpAdapter().getInstance(), config.adminSocket);
  const url = await app.getUrl();
  const consoleUrl = config.console === 'on' ? `${config.issuer}/console` : undefined;
  if (embedded) console.log(banner({ url, dataDir: config.dataDir, demoClient, consoleUrl, ...embedded }));
  else life.info({ msg: 'ready', version, url });
  cluster.worker?.send({ kind: 'serving', url } satisfies ToSupervisor);
}
