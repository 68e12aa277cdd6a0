/** The admin credentials, from the environment or from the credentials file of an embedded server. */
import { credentialsFile, readCredentials } from '../first-boot/credentials-file.js';
import { secretOf } from '../platform/config/secret-file.js';
import { CliError } from './cli-error.js';

export interface AdminCredentials {
  readonly clientId: string;
  readonly clientSecret: string;
}

const DEFAULT_DATA_DIR = './data';

/** @throws CliError that says what to set */
export function adminCredentials(environment: NodeJS.ProcessEnv): AdminCredentials {
  const clientId = environment.REKEY_ADMIN_CLIENT_ID;
  const clientSecret = secretSetting('REKEY_ADMIN_CLIENT_SECRET', environment);
  if (clientId && clientSecret) return { clientId, clientSecret };
  if (clientId || clientSecret)
    throw new CliError('REKEY_ADMIN_CLIENT_ID and REKEY_ADMIN_CLIENT_SECRET must be set together.');
  const dataDir = environment.REKEY_DATA_DIR || DEFAULT_DATA_DIR;
  const { adminClientId, adminClientSecret } = readCredentials(dataDir);
  if (adminClientId && adminClientSecret) return { clientId: adminClientId, clientSecret: adminClientSecret };
  throw new CliError(
    'There are no admin credentials. Set REKEY_ADMIN_CLIENT_ID and REKEY_ADMIN_CLIENT_SECRET, or set REKEY_DATA_DIR to the data ' +
      `directory of an embedded server: ${credentialsFile(dataDir)} has no admin client.`,
  );
}

function secretSetting(name: string, environment: NodeJS.ProcessEnv): string | undefined {
  try {
    return secretOf(name, environment);
  } catch (error) {
    throw new CliError(`${name} ${(error as Error).message}.`);
  }
}
