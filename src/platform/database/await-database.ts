/**
 * A start waits for its database, which may come up later or be busy: it retries each second for a minute, and logs why. An error
 * that waiting cannot fix, like a wrong password, ends the start at once.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import pg from 'pg';
import { StartProblem } from '../config/start-problem.js';
import { isDenied, isUnavailable } from './database-errors.js';
import { reasonOf } from './database-reason.js';

const RETRIES = 60;
const RETRY_AFTER_MS = 1000;

const log = new Logger('Database');

/** @throws StartProblem when the database refuses or does not answer; other errors of the work unchanged */
export async function awaitDatabase<T>(work: () => Promise<T>, database = 'PostgreSQL'): Promise<T> {
  for (let retry = 1; ; retry++) {
    try {
      return await work();
    } catch (error) {
      const reason = reasonOf(error);
      if (isDenied(error)) {
        throw new StartProblem(`${database} refuses: ${reason}. Check DATABASE_URL, and what its user may do.`);
      }
      if (!isUnavailable(error)) throw error;
      if (retry > RETRIES) {
        throw new StartProblem(
          `${database} did not answer for a minute: ${reason}. Is it running, and is DATABASE_URL right?`,
        );
      }
      log.warn(`${database} does not answer: ${reason}. Retrying (${retry} of ${RETRIES}).`);
      await sleep(RETRY_AFTER_MS);
    }
  }
}

/** Host, database and user, as `pg` parses the URL. @throws StartProblem when it cannot parse it */
export function addressOf(databaseUrl: string): string {
  try {
    const { host, port, user, database } = new pg.Client({ connectionString: databaseUrl });
    return `PostgreSQL at ${host}:${port} (user ${user}, database ${database})`;
  } catch (error) {
    throw new StartProblem(`DATABASE_URL cannot be used: ${reasonOf(error)}.`);
  }
}
