/** The configuration of this process, read once. */
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from './config.js';
import { inDataDirectory } from './data-directory.js';
import { loadConfig } from './load-config.js';

let loaded: Config | undefined;

/** @throws ConfigError with all problems */
export function processConfig(): Config {
  loaded ??= loadConfig(process.env, (dataDir) => inDataDirectory(dataDir, () => embeddedSecret(dataDir)));
  return loaded;
}

/** The master key of an embedded service without `REKEY_SECRET`: generated at the first start and stored in the data directory. */
function embeddedSecret(dataDir: string): string {
  const file = join(dataDir, 'master.key');
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const secret = randomBytes(32).toString('base64url');
  writeFileSync(file, `${secret}\n`, { mode: 0o600, flag: 'wx' });
  return secret;
}
