/** What both sides need before the load: a client, and a family a session. */
import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import pg from 'pg';
import { AppModule } from '../src/app.module.js';
import { ClientDirectory } from '../src/clients/client-directory.service.js';
import { registrationDefaults, type ClientRegistration } from '../src/clients/client-registration.js';
import { ClientsService } from '../src/clients/clients.service.js';
import { FamiliesService } from '../src/refresh/families.service.js';
import { SECRET } from './servers.js';

const ORIGIN = { actor: 'bench', correlationId: 'bench' };

export const CLIENT_ID = 'bench';

const BENCH: ClientRegistration = {
  ...registrationDefaults,
  name: 'Bench',
  type: 'confidential',
  grantTypes: ['refresh_token', 'client_credentials'],
  scopes: ['read', 'write'],
  mayIntrospect: true,
};

/** Everything that is made here is made through the service's own code, in this process, whose environment names the database. */
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

/** The floor's one table. */
export async function prepareFloor(databaseUrl: string, sessions: number): Promise<string[]> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  await client.query(`CREATE TABLE floor_tokens (
    id uuid PRIMARY KEY, client_id text NOT NULL, subject text NOT NULL, generation integer NOT NULL,
    rotated_at timestamptz, expires_at timestamptz NOT NULL, revoked_at timestamptz) WITH (fillfactor = 50)`);
  const { rows } = await client.query<{ id: string }>(
    `INSERT INTO floor_tokens SELECT gen_random_uuid(), $2, 'user-' || n, 0, NULL, now() + interval '1 day', NULL
     FROM generate_series(1, $1::int) n RETURNING id`,
    [sessions, CLIENT_ID],
  );
  await client.end();
  return rows.map(({ id }) => `${id}.0`);
}
