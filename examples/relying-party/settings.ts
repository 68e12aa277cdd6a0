/** The demo client's issuer, and its credentials there. */
import { keptCredentials, type Environment } from '../credentials.js';

export interface Settings {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly port: number;
}

/** The client's own URL, as in its redirect URIs. */
export const baseUrlOf = ({ port }: Pick<Settings, 'port'>): string => `http://127.0.0.1:${port}`;

/** The `aud` of the access tokens that its resource server accepts. */
export const audienceOf = (settings: Pick<Settings, 'port'>): string => `${baseUrlOf(settings)}/api`;

/**
 * Reads the environment, and for missing values the credentials file of an embedded service.
 * @throws Error that names the missing value
 */
export function settingsOf(environment: Environment): Settings {
  const kept = keptCredentials(environment);
  const demand = (name: string, value: string | undefined): string => {
    if (!value) throw new Error(`${name} is not set, and no embedded service has left one: run \`npm start\` first`);
    return value;
  };
  const port = Number(environment['PORT'] || 3001);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw new Error('PORT must be a whole number, 1 to 65535');
  return {
    issuer: demand('ISSUER', environment['ISSUER'] || kept['ISSUER']),
    clientId: demand('CLIENT_ID', environment['CLIENT_ID'] || kept['WEB_ID']),
    clientSecret: demand('CLIENT_SECRET', environment['CLIENT_SECRET'] || kept['WEB_SECRET']),
    port,
  };
}
