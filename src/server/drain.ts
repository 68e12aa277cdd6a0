/** How the process ends: not ready at once, still serving for a while, then no new connection, then the open requests. */
import cluster from 'node:cluster';
import { setTimeout as sleep } from 'node:timers/promises';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Logger } from 'pino';

/** Requests that are still open after this time are cut off. Orchestrators kill after 30 s. */
export const CLOSE_WITHIN_MS = 20_000;

/**
 * @param reason for the log
 * @param serveSeconds how long new requests are still answered, so that load balancers can notice
 * @returns false if the process is draining already
 */
export type Drain = (reason: string, exitCode: number, serveSeconds: number) => boolean;

/** @param notReady is called at once */
export function drainerOf(app: NestFastifyApplication, logger: Logger, notReady: () => void): Drain {
  let draining = false;

  async function goAway(exitCode: number, serveSeconds: number): Promise<void> {
    await sleep(serveSeconds * 1000);
    setTimeout(() => process.exit(1), CLOSE_WITHIN_MS).unref();
    await app.close();
    logger.info({ msg: 'stopped', exit_code: exitCode });
    logger.flush();
    process.exitCode = exitCode;
    cluster.worker?.disconnect(); // its channel to the supervisor keeps a process alive
  }

  return (reason, exitCode, serveSeconds) => {
    if (draining) return false;
    draining = true;
    notReady();
    logger.info({ msg: 'draining', reason, seconds: serveSeconds });
    goAway(exitCode, serveSeconds).catch(() => process.exit(1));
    return true;
  };
}
