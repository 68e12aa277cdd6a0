/**
 * Known secrets go through all features and failures of the service, and then must be in no log line, metric, error body, header
 * or table.
 */
import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { QueryFailedError } from 'typeorm';
import { ClientsService } from '../../src/clients/clients.service.js';
import { ClientRepository } from '../../src/clients/client.repository.js';
import { generateSecret } from '../../src/clients/client-secret.js';
import { IssuanceService } from '../../src/issuance/issuance.service.js';
import type { Presented } from '../../src/refresh/rotation.js';
import { TokenFamilyRepository } from '../../src/refresh/token-family.repository.js';
import { Canaries } from '../support/canaries.js';
import { confidentialClient, publicClient, resourceServer, startFamily, type TestClient } from '../support/clients.js';
import { dumpDatabase } from '../support/database-dump.js';
import { exchange, exchangeBytes, exchangeUnfinished, FORM } from '../support/raw-http.js';
import { basic, introspect, postAs, postForm, refresh, revoke, send, type Answer } from '../support/requests.js';
import { leaksIn } from '../support/seen-secrets.js';
import { startApp, TEST_SECRET, type TestApp } from '../support/test-app.js';

let app: TestApp;
let canaries: Canaries;
/** Every answer except those that issue tokens. */
let answers: Answer[];

beforeAll(async () => {
  app = await startApp({
    environment: { REKEY_FAILED_AUTHENTICATIONS_PER_MINUTE: '5', REKEY_AUDIT_ADDRESSES: 'truncated' },
  });
  canaries = new Canaries();
  canaries.add('master key', TEST_SECRET);
  answers = [];
  await ordinaryDays();
  await clumsyClients();
  await brokenRequests();
  await badDays();
});
afterAll(() => app.close());

const AUDIENCE = 'https://api.test';

async function known(client: Promise<TestClient>, name: string): Promise<TestClient> {
  const { secret, ...rest } = await client;
  if (secret !== undefined) canaries.addCredentials(name, rest.clientId, secret);
  return { ...rest, secret };
}

async function family(client: TestClient): Promise<string> {
  const { refreshToken } = await startFamily(app, client);
  canaries.addRefreshToken('first refresh token', refreshToken);
  return refreshToken;
}

function noted(answer: Answer): Answer {
  expect(answer.status).toBe(200);
  canaries.add('access token', answer.body.access_token);
  if (answer.body.refresh_token) canaries.addRefreshToken('refresh token', answer.body.refresh_token);
  return answer;
}

/** All requests of all kinds of clients. */
async function ordinaryDays(): Promise<void> {
  const server = await known(resourceServer(app, AUDIENCE), 'resource server');
  const lasting = await known(confidentialClient(app, { rotation: 'never' }), 'client without rotation');
  const clients = [
    await known(confidentialClient(app, { audience: [AUDIENCE] }), 'Basic client'),
    await known(confidentialClient(app, { tokenEndpointAuthMethod: 'client_secret_post' }), 'post client'),
    await known(confidentialClient(app, { accessTokenFormat: 'opaque', audience: [AUDIENCE] }), 'opaque client'),
    lasting,
    await publicClient(app),
  ];
  for (const client of clients) {
    const first = await family(client);
    const { body } = noted(await refresh(app, client, first));
    noted(await refresh(app, client, first));
    noted(await refresh(app, client, body.refresh_token, { scope: 'a' }));
    if (client.method !== 'none') noted(await postAs(client, `${app.url}/token`, { grant_type: 'client_credentials' }));
    answers.push(await introspect(app, server, body.access_token), await introspect(app, client, body.refresh_token));
    answers.push(await revoke(app, client, body.access_token), await revoke(app, client, body.refresh_token));
  }
  for (const client of clients.filter(({ clientId }) => clientId !== lasting.clientId)) {
    // Reuse ends a family.
    const stolen = await family(client);
    noted(await refresh(app, client, stolen));
    app.clock.advanceSeconds(61);
    answers.push(await refresh(app, client, stolen));
  }
  const [owner] = clients;
  const added = await app.nest.get(ClientsService, { strict: false }).addSecret(owner!.clientId, { actor: 'test' });
  canaries.addCredentials('added secret', owner!.clientId, added!.secret);
  noted(await postAs({ ...owner!, secret: added!.secret }, `${app.url}/token`, { grant_type: 'client_credentials' }));
}

/** Clients that send secrets in the wrong places. */
async function clumsyClients(): Promise<void> {
  const client = await known(confidentialClient(app), 'clumsy client');
  const other = await known(confidentialClient(app), 'other client');
  const token = await family(client);
  const wrong = generateSecret();
  canaries.addCredentials('wrong secret', client.clientId, wrong);
  const secret = client.secret!;
  const grant = { grant_type: 'refresh_token', refresh_token: token };
  const paths = [
    `/token?client_id=${client.clientId}&client_secret=${secret}&refresh_token=${token}`,
    `/token/${token}`,
    `/${secret}`,
    `/introspect?token=${token}`,
    `/.well-known/oauth-authorization-server/${secret}`,
  ];
  for (const path of paths) {
    answers.push(
      await send(`${app.url}${path}`),
      await postForm(`${app.url}${path}`, {}, basic({ ...client, secret: wrong })),
    );
  }
  answers.push(
    await refresh(app, { ...client, secret: wrong }, token),
    await refresh(app, { ...client, clientId: secret, secret: client.clientId }, token),
    await refresh(app, { ...client, method: 'client_secret_post' }, token),
    await refresh(app, other, token),
    await revoke(app, other, token),
    await refresh(app, client, `${token}${secret}`),
    await postAs(client, `${app.url}/token`, { grant_type: secret }),
    await postAs(client, `${app.url}/token`, { grant_type: 'client_credentials', scope: secret }),
    await postAs(client, `${app.url}/token`, { grant_type: 'refresh_token', [token]: secret }),
    await postAs(client, `${app.url}/token`, { ...grant, client_id: secret }),
    await postAs(client, `${app.url}/token`, { ...grant, client_assertion: secret }),
    await postForm(`${app.url}/token`, grant, { authorization: `Bearer ${secret}` }),
    await postForm(`${app.url}/token`, grant, {
      cookie: `session=${secret}`,
      referer: `https://x.test/?token=${token}`,
    }),
    await send(`${app.url}/token`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-request-id': secret, 'user-agent': secret },
      body: JSON.stringify({ ...grant, client_secret: secret }),
    }),
  );
  for (let failures = 0; failures < 6; failures += 1)
    answers.push(await refresh(app, { ...client, secret: wrong }, token));
}

/** Requests with secrets that the parsers refuse. */
async function brokenRequests(): Promise<void> {
  const client = await known(confidentialClient(app), 'broken client');
  const token = await family(client);
  const { authorization } = basic(client);
  const headers = [FORM, ['Authorization', authorization!]] as const;
  const body = `grant_type=refresh_token&refresh_token=${token}`;
  answers.push(
    await postForm(`${app.url}/token`, `${body}&client_secret=%zz${client.secret}`),
    await postForm(`${app.url}/token`, `${body}&refresh_token=${token}`),
    await postForm(`${app.url}/token`, `{"refresh_token":"${token}"`, { 'content-type': 'application/json' }),
    await postForm(`${app.url}/token`, body, { 'content-type': `text/${client.secret}` }),
    await postForm(`${app.url}/token`, body, { 'content-encoding': client.secret! }),
    await postForm(`${app.url}/token`, `${body}&padding=${'x'.repeat(20_000)}`),
    await exchange(app.url, { path: `/token%zz${token}`, headers, body }),
    await exchange(app.url, { path: '/token', headers: [...headers, ['Authorization', authorization!]], body }),
    await exchange(app.url, { path: '/token', headers: [...headers, ['X', 'x'.repeat(20_000)]], body }),
    await exchange(app.url, { path: '/token', headers: [FORM, ['Authorization', `Basic ${client.secret}`]], body }),
    await exchangeBytes(app.url, `${token} ${authorization}\r\n\r\n`),
    await exchangeBytes(app.url, `POST /token HTTP/1.1\r\nHost: x\r\n${authorization}\r\n\r\n`),
  );
  const server = app.nest.getHttpServer() as { requestTimeout: number; headersTimeout: number };
  const { requestTimeout, headersTimeout } = server;
  Object.assign(server, { requestTimeout: 200, headersTimeout: 200 });
  answers.push(await exchangeUnfinished(app.url, { path: '/token', headers, body }));
  Object.assign(server, { requestTimeout, headersTimeout });
}

/** A database error with all possible details, and a programming error. */
async function badDays(): Promise<void> {
  const client = await known(confidentialClient(app), 'client on a bad day');
  const token = await family(client);
  for (const code of ['57014', 'ECONNREFUSED', '23505', '22P02', 'XX000', '40001']) {
    const rotate = jest.spyOn(app.nest.get(TokenFamilyRepository, { strict: false }), 'rotate');
    rotate.mockImplementation((entries) => Promise.reject(databaseError(code, entries)));
    answers.push(await refresh(app, client, token));
    jest.restoreAllMocks();
  }
  app.clock.advanceSeconds(2);
  jest
    .spyOn(app.nest.get(ClientRepository, { strict: false }), 'findMany')
    .mockRejectedValue(databaseError('XX000', [client.secret]));
  answers.push(await refresh(app, client, token));
  jest.restoreAllMocks();
  jest.spyOn(app.nest.get(IssuanceService, { strict: false }), 'issue').mockImplementation(() => {
    throw Object.assign(new TypeError('x is not a function'), {
      request: { headers: basic(client), refresh_token: token },
    });
  });
  answers.push(await refresh(app, client, token));
  jest.restoreAllMocks();
  noted(await refresh(app, client, token));
}

/** An error with statement, parameters and row, like those of TypeORM and `pg`. */
function databaseError(code: string, parameters: readonly (Presented | string | undefined)[]): Error {
  const inside = JSON.stringify(parameters);
  const cause = Object.assign(new Error(`duplicate key value: ${inside}`), {
    code,
    detail: `Key (id)=(${inside}) already exists.`,
    where: `unnamed portal parameter $1 = '${inside}'`,
  });
  return new QueryFailedError(`UPDATE token_families -- ${inside}`, [...parameters], cause);
}

it('[297] no log line contains a secret, at level trace', () => {
  const log = app.logs.join('');
  expect(log).toContain('"status":500');
  expect(log).toContain('"status":503');
  expect(log).toContain('"status":429');
  expect(canaries.leaksIn(log)).toEqual([]);
});

it('[297] no metric contains a secret', async () => {
  const { text } = await send(`${app.url}/metrics`);
  expect(text).toContain('rekey_token_requests_total{');
  expect(canaries.leaksIn(text)).toEqual([]);
});

it('[297] no response contains a secret except the one that issues it', () => {
  expect(answers.filter(({ status }) => status >= 500).length).toBeGreaterThan(5);
  const texts = answers.map(({ headers, text }) => `${JSON.stringify([...headers])} ${text}`);
  expect(canaries.leaksIn(texts.join('\n'))).toEqual([]);
  // A stack, a statement or a class name is not secret, but must not be shown either.
  expect(
    texts.filter((text) => /\bat .+\.[jt]s:\d+|token_families|SELECT|UPDATE|QueryFailed|node_modules/.test(text)),
  ).toEqual([]);
});

it('[297] the database contains no secret', async () => {
  const dump = await dumpDatabase(app.database);
  for (const event of ['refresh.rotated', 'refresh.reused', 'revocation.created', 'client.authentication_failed']) {
    expect(dump).toContain(`audit_events.event: "${event}"`);
  }
  expect(canaries.leaksIn(dump)).toEqual([]);
});

it('[297] the search would find a secret', async () => {
  const client = await confidentialClient(app);
  const { refreshToken } = await startFamily(app, client);
  const sought = new Canaries();
  sought.addCredentials('client', client.clientId, client.secret!);
  sought.addRefreshToken('token', refreshToken);
  const [{ id: handle }] = await app.database.query<[{ id: string }]>(
    'SELECT id FROM token_families ORDER BY created_at DESC, family_id DESC LIMIT 1',
  );
  expect(sought.leaksIn(`a ${client.secret} b`)).toEqual([`client: secret in a ${client.secret} b`]);
  expect(sought.leaksIn(JSON.stringify(basic(client)))).toHaveLength(1);
  expect(sought.leaksIn(`"id":"${handle}"`)).toHaveLength(1);
  expect(sought.leaksIn(handle.replaceAll('-', ''))).toHaveLength(1);
  expect(sought.leaksIn(Buffer.from(refreshToken).toString('hex'))).not.toEqual([]);
  expect(sought.leaksIn('nothing')).toEqual([]);
});

it('[297] the search that SCAN_LOGS makes in the logs of a suite would find a secret', async () => {
  const client = await confidentialClient(app);
  const { refreshToken } = await startFamily(app, client);
  const { body } = await refresh(app, client, refreshToken);
  const secrets = [refreshToken, body.access_token as string, basic(client).authorization!.slice(6)];
  for (const secret of secrets) {
    const line = JSON.stringify({ msg: `what=${secret}.`, path: `/x/${secret}` });
    expect(leaksIn(['{"msg":"nothing"}', line])).toEqual([line]);
  }
});

it('with truncated addresses the audit log has networks only, also of rotations', async () => {
  const rows = await app.database.query<{ event: string; source: string }[]>(
    `SELECT DISTINCT event, source FROM audit_events WHERE source IS NOT NULL`,
  );
  expect(rows.map(({ event }) => event)).toEqual(expect.arrayContaining(['refresh.rotated', 'refresh.reused']));
  expect(new Set(rows.map(({ source }) => source))).toEqual(new Set(['127.0.0.0/24']));
});
