/** Prepares both sides: a client, and a family for each session. */
import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import pg from 'pg';
import { v7 as uuidv7 } from 'uuid';
import { AppModule } from '../src/app.module.js';
import { ClientDirectory } from '../src/clients/client-directory.service.js';
import { registrationDefaults, type ClientRegistration } from '../src/clients/client-registration.js';
import { ClientsService } from '../src/clients/clients.service.js';
import { mintCode } from '../src/authorization/authorization-code.js';
import { KeyRing } from '../src/keys/key-ring.service.js';
import { ACR_PASSWORD } from '../src/oauth/authentication.js';
import { codeChallengeOf } from '../src/oauth/pkce.js';
import { FamiliesService } from '../src/families/families.service.js';
import { UsersService } from '../src/users/users.service.js';
import { SECRET } from './servers.js';

const ORIGIN = { actor: 'bench', correlationId: 'bench' };

export const CLIENT_ID = 'bench';

export const REDIRECT_URI = 'https://client.test/back';
export const VERIFIER = 'v'.repeat(43);

const BENCH: ClientRegistration = {
  ...registrationDefaults,
  name: 'Bench',
  type: 'confidential',
  grantTypes: ['refresh_token', 'client_credentials', 'authorization_code'],
  scopes: ['read', 'write', 'openid', 'offline_access'],
  redirectUris: [REDIRECT_URI],
  mayIntrospect: true,
};

/** Uses the service's own code in this process, whose environment names the database. */
export async function prepareRekey(families: number): Promise<string[]> {
  const app = await NestFactory.createApplicationContext(AppModule, { logger: ['error', 'warn'] });
  const clients = app.get(ClientsService, { strict: false });
  if (!(await clients.find(CLIENT_ID))) await clients.register(BENCH, ORIGIN, { clientId: CLIENT_ID, secret: SECRET });
  const client = await app.get(ClientDirectory, { strict: false }).load(CLIENT_ID);
  const service = app.get(FamiliesService, { strict: false });
  const tokens: string[] = [];
  for (let index = 0; index < families; index += 1) {
    tokens.push((await service.start(client!, `user-${index}`, ['read', 'write'], ORIGIN)).refreshToken);
  }
  await app.close();
  return tokens;
}

export interface BenchUser {
  readonly username: string;
  readonly password: string;
}

const AT_ONCE = 50;

/** Codes for a signed-in user with consent, to be redeemed within a minute. */
export async function prepareCodes(count: number): Promise<string[]> {
  const app = await NestFactory.createApplicationContext(AppModule, { logger: ['error', 'warn'] });
  const client = (await app.get(ClientDirectory, { strict: false }).load(CLIENT_ID))!;
  const [families, keys] = [app.get(FamiliesService, { strict: false }), app.get(KeyRing, { strict: false })];
  const now = Date.now();
  const grant = {
    scope: ['openid', 'offline_access', 'read'],
    offline: true,
    resource: [],
    claims: undefined,
    authentication: { sessionId: uuidv7(), authTime: now, acr: ACR_PASSWORD, amr: ['pwd'] },
    endsAt: now + 3_600_000,
  };
  const redirect = { redirectUri: REDIRECT_URI, namedRedirectUri: true };
  const request = { ...redirect, codeChallenge: codeChallengeOf(VERIFIER), nonce: 'n', claimsOf: undefined };
  const codes: string[] = [];
  const work = async () => {
    while (codes.length < count) {
      const handle = await families.authorize(client, `user-${codes.length}`, grant, ORIGIN);
      codes.push(mintCode({ handle, clientId: CLIENT_ID, ...request }, keys.mintingTokenKey()));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  await app.close();
  return codes;
}

export async function prepareUsers(count: number): Promise<BenchUser[]> {
  const app = await NestFactory.createApplicationContext(AppModule, { logger: ['error', 'warn'] });
  const users = app.get(UsersService, { strict: false });
  const made = Array.from({ length: count }, (_, index) => ({
    username: `bench-${index}`,
    password: `correct horse battery ${index}`,
  }));
  for (const user of made) await users.create(user, ORIGIN);
  await app.close();
  return made;
}

/** The floor's tables. */
export async function prepareFloor(databaseUrl: string, sessions: number): Promise<string[]> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  await client.query(`CREATE TABLE floor_tokens (
    id uuid PRIMARY KEY, client_id text NOT NULL, subject text NOT NULL, generation integer NOT NULL,
    rotated_at timestamptz, expires_at timestamptz NOT NULL, revoked_at timestamptz) WITH (fillfactor = 50);
    CREATE TABLE floor_revocations (jti uuid PRIMARY KEY, at timestamptz NOT NULL)`);
  const { rows } = await client.query<{ id: string }>(
    `INSERT INTO floor_tokens SELECT gen_random_uuid(), $2, 'user-' || n, 0, NULL, now() + interval '1 day', NULL
     FROM generate_series(1, $1::int) n RETURNING id`,
    [sessions, CLIENT_ID],
  );
  await client.end();
  return rows.map(({ id }) => `${id}.0`);
}
