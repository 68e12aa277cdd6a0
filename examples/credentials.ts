/** Reads the credentials file of an embedded service. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export type Environment = Readonly<Record<string, string | undefined>>;

const DEFAULT_DATA_DIR = './data';

export const credentialsFile = (environment: Environment): string =>
  join(environment['REKEY_DATA_DIR'] || DEFAULT_DATA_DIR, 'credentials.env');

/** @returns an empty object if there is no such file */
export function keptCredentials(environment: Environment): Environment {
  try {
    const lines = readFileSync(credentialsFile(environment), 'utf8').split('\n');
    return Object.fromEntries(lines.map((line) => line.split('=', 2) as [string, string | undefined]));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw error;
  }
}
