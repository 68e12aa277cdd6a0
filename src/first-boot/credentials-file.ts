/** The credentials that an embedded service generates at its first start, in a shell-readable file with owner-only access. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inDataDirectory } from '../platform/config/data-directory.js';

export interface Credentials {
  /** The service's URL, for other programs that read the file. */
  readonly issuer?: string | undefined;
  readonly adminClientId?: string | undefined;
  readonly adminClientSecret?: string | undefined;
  readonly demoClientId?: string | undefined;
  readonly demoClientSecret?: string | undefined;
  readonly demoRefreshToken?: string | undefined;
  readonly demoUsername?: string | undefined;
  readonly demoPassword?: string | undefined;
  /** The demo client that signs users in. */
  readonly webClientId?: string | undefined;
  readonly webClientSecret?: string | undefined;
}

const NAMES: Record<keyof Credentials, string> = {
  issuer: 'ISSUER',
  adminClientId: 'ADMIN_ID',
  adminClientSecret: 'ADMIN_SECRET',
  demoClientId: 'DEMO_ID',
  demoClientSecret: 'DEMO_SECRET',
  demoRefreshToken: 'RT',
  demoUsername: 'DEMO_USER',
  demoPassword: 'DEMO_PASSWORD',
  webClientId: 'WEB_ID',
  webClientSecret: 'WEB_SECRET',
};

export const credentialsFile = (dataDir: string): string => join(dataDir, 'credentials.env');

export function readCredentials(dataDir: string): Credentials {
  let text: string;
  try {
    text = readFileSync(credentialsFile(dataDir), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw error;
  }
  const values = new Map(text.split('\n').map((line) => line.split('=', 2) as [string, string | undefined]));
  return Object.fromEntries(Object.entries(NAMES).map(([key, name]) => [key, values.get(name) || undefined]));
}

export function writeCredentials(dataDir: string, credentials: Credentials): void {
  const lines = Object.entries(NAMES).map(([key, name]) => `${name}=${credentials[key as keyof Credentials] ?? ''}`);
  const warning = '# Secrets of an embedded Rekey, made at its first start. Not for production.';
  const text = `${[warning, ...lines].join('\n')}\n`;
  inDataDirectory(dataDir, () => writeFileSync(credentialsFile(dataDir), text, { mode: 0o600 }));
}
