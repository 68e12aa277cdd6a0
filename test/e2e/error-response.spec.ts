/** The format of errors, and the answers to failures of the service itself. */
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { AuditRepository } from '../../src/platform/audit/audit.repository.js';
import { ClientRepository } from '../../src/clients/client.repository.js';
import { IntrospectionService } from '../../src/endpoints/introspect/introspection.service.js';
import { IssuanceService } from '../../src/issuance/issuance.service.js';
import { ofDatabase } from '../../src/platform/database/database-pool.js';
import { TokenFamilyRepository } from '../../src/refresh/token-family.repository.js';
import { TokenRevocationService } from '../../src/endpoints/revoke/token-revocation.service.js';
import { confidentialClient, startFamily, type TestClient } from '../support/clients.js';
import { expectAlive, expectError } from '../support/expectations.js';
import { exchangeBytes, exchange, FORM } from '../support/raw-http.js';
import { basic, introspect, postAs, postForm, refresh, revoke, send, type Answer } from '../support/requests.js';
import { startApp, type TestApp } from '../support/test-app.js';

let app: TestApp;
let client: TestClient;

beforeAll(async () => {
  app = await startApp({ environment: { REKEY_FAILED_AUTHENTICATIONS_PER_MINUTE: '5' } });
  client = await confidentialClient(app);
});
afterAll(() => app.close());
afterEach(() => {
  jest.restoreAllMocks();
});

const provider = <T extends object>(type: new (...dependencies: never[]) => T): T =>
  app.nest.get(type, { strict: false });

/** Every code that an OAuth endpoint may answer with: RFC 6749 §5.2, RFC 6750 §3.1, and those of the transport. */
const CODES = new Set([
  'invalid_request',
  'invalid_client',
  'invalid_grant',
  'invalid_scope',
  'unauthorized_client',
  'unsupported_grant_type',
  'not_found',
  'method_not_allowed',
  'request_too_large',
  'too_many_requests',
]);

/** One request for each kind of refusal of an OAuth endpoint. */
const refusals: [string, number, () => Promise<Answer>][] = [
  ['no parameters', 400, () => postAs(client, `${app.url}/token`, {})],
  ['an unknown grant type', 400, () => postAs(client, `${app.url}/token`, { grant_type: 'foo' })],
  ['an unknown token', 400, () => refresh(app, client, 'x')],
  [
    'a scope beyond the client',
    400,
    () => postAs(client, `${app.url}/token`, { grant_type: 'client_credentials', scope: 'z' }),
  ],
  ['no token to revoke', 400, () => postAs(client, `${app.url}/revoke`, {})],
  ['no token to introspect', 400, () => postAs(client, `${app.url}/introspect`, {})],
  ['no credentials', 401, () => postForm(`${app.url}/token`, { grant_type: 'client_credentials' })],
  ['no credentials to revoke', 401, () => postForm(`${app.url}/revoke`, { token: 'x' })],
  ['no credentials to introspect', 401, () => postForm(`${app.url}/introspect`, { token: 'x' })],
  ['an unknown path', 404, () => send(`${app.url}/nowhere`)],
  ['an unknown path below the endpoint', 404, () => postForm(`${app.url}/token/x`, {})],
  ['GET', 405, () => send(`${app.url}/token`)],
  ['GET on revoke', 405, () => send(`${app.url}/revoke?token=x`)],
  ['GET on introspect', 405, () => send(`${app.url}/introspect?token=x`)],
  ['a large body', 413, () => postForm(`${app.url}/token`, `x=${'y'.repeat(20_000)}`)],
  ['text', 400, () => postForm(`${app.url}/token`, 'x', { 'content-type': 'text/plain' })],
  ['broken JSON', 400, () => postForm(`${app.url}/token`, '{', { 'content-type': 'application/json' })],
  ['a compressed body', 415, () => postForm(`${app.url}/token`, 'x', { 'content-encoding': 'gzip' })],
  ['broken percent-encoding', 400, () => postForm(`${app.url}/token`, 'a=%')],
  ['a broken path', 400, () => exchange(app.url, { path: '/token%zz', headers: [FORM] })],
  ['a path that is not UTF-8', 400, () => exchange(app.url, { method: 'GET', path: '/%ff%fe' })],
  ['a request that is not HTTP', 400, () => exchangeBytes(app.url, 'HELLO\r\n\r\n')],
  ['an invalid header line', 400, () => exchangeBytes(app.url, 'POST /token HTTP/1.1\r\nHost: x\r\nA B\r\n\r\n')],
  [
    'two lengths of the body',
    400,
    () => exchangeBytes(app.url, 'POST /token HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab'),
  ],
  [
    'a length and chunks',
    400,
    () =>
      exchangeBytes(
        app.url,
        'POST /token HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      ),
  ],
  [
    'a NUL in a header',
    400,
    () => exchangeBytes(app.url, 'POST /token HTTP/1.1\r\nHost: x\r\nAuthorization: Basic \0\r\n\r\n'),
  ],
  [
    'no host',
    400,
    () => exchangeBytes(app.url, 'POST /token HTTP/1.1\r\nConnection: close\r\nContent-Length: 0\r\n\r\n'),
  ],
  [
    'two hosts',
    400,
    () => exchangeBytes(app.url, 'GET /jwks HTTP/1.1\r\nHost: x\r\nHost: x\r\nConnection: close\r\n\r\n'),
  ],
  [
    'a host that is not one',
    400,
    () => exchangeBytes(app.url, 'GET /jwks HTTP/1.1\r\nHost: a b\r\nConnection: close\r\n\r\n'),
  ],
  ['an unknown expectation', 417, () => exchange(app.url, { path: '/token', headers: [FORM, ['Expect', 'foo']] })],
  ['CONNECT', 405, () => exchange(app.url, { method: 'CONNECT', path: '/token' })],
  ['CONNECT to another host', 404, () => exchange(app.url, { method: 'CONNECT', path: 'example.com:443' })],
  ['HTTP/2 without an upgrade', 400, () => exchangeBytes(app.url, 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')],
  [
    'a chunk with a long extension',
    413,
    () =>
      exchangeBytes(
        app.url,
        `POST /token HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nTransfer-Encoding: chunked\r\n\r\n1;${'a'.repeat(20_000)}\r\n`,
      ),
  ],
  [
    'headers without an end',
    431,
    () => exchangeBytes(app.url, `POST /token HTTP/1.1\r\nHost: x\r\nA: ${'a'.repeat(20_000)}`),
  ],
  ['too many failures', 429, tooManyFailures],
];

async function tooManyFailures(): Promise<Answer> {
  const wrong = { ...client, clientId: 'nobody', secret: 'x' };
  for (let failures = 0; failures < 5; failures += 1) await refresh(app, wrong, 'x');
  return refresh(app, wrong, 'x');
}

describe('a refusal', () => {
  it.each(refusals)('[81][82][85][86] %s is refused with %i: flat JSON, one code, no-store', async (_, status, ask) => {
    const answer = await ask();
    expectError(answer, status, answer.body.error);
    expect(CODES).toContain(answer.body.error);
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
    expect(answer.headers.get('x-correlation-id')).toMatch(/^[\da-f-]{36}$/);
    expect(answer.headers.has('server')).toBe(false);
    // Nest's own shape has these.
    expect(answer.body).not.toHaveProperty('statusCode');
    expect(answer.body).not.toHaveProperty('message');
  });

  it('[91] a refusal for too many failures has Retry-After', async () => {
    const answer = await tooManyFailures();
    expectError(answer, 429, 'too_many_requests');
    expect(answer.headers.get('retry-after')).toMatch(/^[1-9]\d*$/);
  });

  it.each([
    ['scope', '"é\\', 'invalid_scope'],
    ['scope', '\u0001\u007f', 'invalid_scope'],
    ['scope', '<script>alert(1)</script>"', 'invalid_scope'],
    ['scope', 'canary', 'invalid_scope'],
    ['grant_type', '"é\\', 'unsupported_grant_type'],
    ['grant_type', '<script>alert(1)</script>', 'unsupported_grant_type'],
    ['grant_type', `<script>${'x'.repeat(1000)}`, 'invalid_request'],
    ['refresh_token', '<script>alert(1)</script>', 'invalid_grant'],
    ['client_id', '<script>alert(1)</script>', 'invalid_request'],
    ['client_secret', 'canary', 'invalid_request'],
  ])('[83][84] a refusal repeats nothing of the request: %s=%s', async (name, value, code) => {
    const fields = { grant_type: 'refresh_token', refresh_token: 'x', [name]: value };
    const answer = await postForm(`${app.url}/token`, fields, basic(client));
    expectError(answer, 400, code);
    expect(answer.text).not.toContain(value);
    for (const [header, content] of answer.headers) expect(`${header}: ${content}`).not.toContain('<script');
  });

  it.each(['<script>alert(1)</script>', '"é\\', 'canary'])(
    '[83][84] a refusal repeats no credentials: %s',
    async (value) => {
      const inForm = { client_id: value, client_secret: value };
      for (const answer of [
        await postForm(`${app.url}/token`, { grant_type: 'client_credentials', ...inForm }),
        await postForm(
          `${app.url}/token`,
          { grant_type: 'client_credentials' },
          basic({ clientId: value, secret: value }),
        ),
      ]) {
        expectError(answer, 401, 'invalid_client');
        expect(answer.text).not.toContain(value);
        for (const [header, content] of answer.headers) expect(`${header}: ${content}`).not.toContain(value);
      }
    },
  );

  it('[84] a refusal repeats neither path nor query', async () => {
    for (const path of [
      '/<script>',
      '/token?<script>=<script>',
      '/%3Cscript%3E',
      '/.well-known/oauth-authorization-server/<script>',
    ]) {
      const answer = await exchange(app.url, { method: 'GET', path });
      expect(answer.status).toBeGreaterThanOrEqual(400);
      expect(answer.text).not.toContain('<script');
      expect(answer.text).not.toContain('3Cscript');
    }
  });

  it('[81] a refusal has the same text for every reason why a token is invalid', async () => {
    const other = await confidentialClient(app);
    const { refreshToken } = await startFamily(app, client);
    const foreign = await startFamily(app, other);
    await revoke(app, client, refreshToken);
    const answers = [];
    for (const token of ['x', refreshToken, foreign.refreshToken, `${refreshToken}x`])
      answers.push(await refresh(app, client, token));
    for (const answer of answers) expectError(answer, 400, 'invalid_grant');
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
  });
});

/** An error of `pg`, or TypeORM's wrapper. */
const databaseError = (code: string, message: string): Error =>
  ofDatabase(
    Object.assign(new Error(message), {
      code,
      detail: 'Key (id)=(0196-handle) exists',
      parameters: ['secret'],
      query: 'UPDATE token_families',
    }),
  );

describe('a database that rolls back and asks for another try', () => {
  it.each(['40001', '40P01'])('[88] %s, twice, is invisible to a client that refreshes', async (code) => {
    const { refreshToken } = await startFamily(app, client);
    const rotate = jest.spyOn(provider(TokenFamilyRepository), 'rotate');
    rotate
      .mockRejectedValueOnce(databaseError(code, 'deadlock detected'))
      .mockRejectedValueOnce(databaseError(code, 'could not serialize'));
    const answer = await refresh(app, client, refreshToken);
    expect(answer.status).toBe(200);
    expect(rotate).toHaveBeenCalledTimes(3);
    jest.restoreAllMocks();
    expect((await refresh(app, client, answer.body.refresh_token)).status).toBe(200);
  });

  it.each(['40001', '40P01'])(
    '[88] %s, twice, is invisible to a client that is looked up, or whose token is recorded',
    async (code) => {
      app.clock.advanceSeconds(2);
      for (const spy of [
        jest.spyOn(provider(ClientRepository), 'findMany'),
        jest.spyOn(provider(AuditRepository), 'append'),
      ]) {
        spy
          .mockRejectedValueOnce(databaseError(code, 'deadlock detected'))
          .mockRejectedValueOnce(databaseError(code, 'deadlock detected'));
      }
      expect((await postAs(client, `${app.url}/token`, { grant_type: 'client_credentials' })).status).toBe(200);
    },
  );

  it('[88] a rollback that repeats forever answers 503 and consumes nothing', async () => {
    const { refreshToken } = await startFamily(app, client);
    jest
      .spyOn(provider(TokenFamilyRepository), 'rotate')
      .mockRejectedValue(databaseError('40001', 'could not serialize'));
    const answer = await refresh(app, client, refreshToken);
    expectError(answer, 503, 'temporarily_unavailable');
    jest.restoreAllMocks();
    await expectAlive(app, client, refreshToken);
  });

  it.each(['40001', '40P01'])('[88] %s, twice, is invisible to a client that revokes', async (code) => {
    const { refreshToken } = await startFamily(app, client);
    const { body } = await refresh(app, client, refreshToken);
    for (const token of [body.access_token, body.refresh_token]) {
      const transaction = jest.spyOn(app.database, 'transaction');
      transaction.mockRejectedValueOnce(databaseError(code, 'deadlock detected'));
      transaction.mockRejectedValueOnce(databaseError(code, 'deadlock detected'));
      expect((await revoke(app, client, token)).status).toBe(200);
      jest.restoreAllMocks();
      expect((await introspect(app, client, token)).text).toBe('{"active":false}');
    }
  });

  it.each(['40001', '40P01'])('[88] %s, twice, does not protect a stolen token', async (code) => {
    const { refreshToken } = await startFamily(app, client);
    const { body } = await refresh(app, client, refreshToken);
    app.clock.advanceSeconds(61);
    const transaction = jest.spyOn(app.database, 'transaction');
    transaction.mockRejectedValueOnce(databaseError(code, 'deadlock detected'));
    transaction.mockRejectedValueOnce(databaseError(code, 'deadlock detected'));
    expectError(await refresh(app, client, refreshToken), 400, 'invalid_grant');
    expect((await introspect(app, client, body.access_token)).text).toBe('{"active":false}');
    expectError(await refresh(app, client, body.refresh_token), 400, 'invalid_grant');
  });
});

const away: [string, Error][] = [
  ['a refused connection', Object.assign(new Error('connect ECONNREFUSED 10.1.2.3:5432'), { code: 'ECONNREFUSED' })],
  [
    'a host name that is not found',
    Object.assign(new Error('getaddrinfo ENOTFOUND db.internal'), { code: 'ENOTFOUND' }),
  ],
  ['a connection that ends', new Error('Connection terminated unexpectedly')],
  ['a pool that is exhausted', new Error('timeout exceeded when trying to connect')],
  ['a statement that takes too long', databaseError('57014', 'canceling statement due to statement timeout')],
  ['a server that shuts down', databaseError('57P01', 'terminating connection due to administrator command')],
  ['a disk that is full', databaseError('53100', 'could not extend file "base/16384/24576"')],
  [
    'several refusals at once',
    Object.assign(new AggregateError([new Error('a'), new Error('b')]), { code: 'ECONNREFUSED' }),
  ],
];

describe.each(away)('a database that is away: %s', (_, error) => {
  beforeAll(() => void ofDatabase(error));

  const detail =
    /10\.1\.2\.3|5432|db\.internal|UPDATE|token_families|handle|secret|ECONN|ENOTFOUND|terminat|base\/|at .*\.(ts|js):/;

  function expectUnavailable(answer: Answer): void {
    expectError(answer, 503, 'temporarily_unavailable');
    expect(answer.headers.get('retry-after')).toMatch(/^[1-9]\d*$/);
    expect(answer.text).not.toMatch(detail);
  }

  it('[87] a database that is away answers a refresh with 503 and Retry-After, without the cause', async () => {
    const { refreshToken } = await startFamily(app, client);
    jest.spyOn(provider(TokenFamilyRepository), 'rotate').mockRejectedValue(error);
    expectUnavailable(await refresh(app, client, refreshToken));
    jest.restoreAllMocks();
    await expectAlive(app, client, refreshToken);
  });

  it('[87] a database that is away answers 503 on every endpoint if the client cannot be looked up', async () => {
    app.clock.advanceSeconds(2);
    jest.spyOn(provider(ClientRepository), 'findMany').mockRejectedValue(error);
    expectUnavailable(await postAs(client, `${app.url}/token`, { grant_type: 'client_credentials' }));
    expectUnavailable(await revoke(app, client, 'x'));
    expectUnavailable(await introspect(app, client, 'x'));
    expectUnavailable(await postForm(`${app.url}/token`, { client_id: client.clientId }));
  });

  it('[87] a database that is away answers 503 if a token cannot be recorded, and issues none', async () => {
    jest.spyOn(provider(AuditRepository), 'append').mockRejectedValue(error);
    expectUnavailable(await postAs(client, `${app.url}/token`, { grant_type: 'client_credentials' }));
  });

  it('[87] a database that is away answers a revocation with 503, and the token stays valid', async () => {
    const { refreshToken } = await startFamily(app, client);
    jest.spyOn(app.database, 'transaction').mockRejectedValue(error);
    expectUnavailable(await revoke(app, client, refreshToken));
    jest.restoreAllMocks();
    await expectAlive(app, client, refreshToken);
  });
});

describe('an unexpected exception', () => {
  const bug = new TypeError("Cannot read properties of undefined (reading 'canary')");

  it.each([
    ['/token', () => jest.spyOn(provider(IssuanceService), 'issue')],
    ['/revoke', () => jest.spyOn(provider(TokenRevocationService), 'revoke')],
    ['/introspect', () => jest.spyOn(provider(IntrospectionService), 'introspect')],
  ] as const)(
    '[90] an unexpected exception at %s answers 500 server_error, with a correlation id and without a stack',
    async (path, spy) => {
      (spy() as jest.SpiedFunction<() => unknown>).mockImplementation(() => {
        throw bug;
      });
      const answer = await postAs(client, `${app.url}${path}`, { grant_type: 'client_credentials', token: 'x' });
      expectError(answer, 500, 'server_error');
      expect(answer.text).not.toMatch(/canary|TypeError|at .*\.(ts|js)/);
      const correlationId = answer.headers.get('x-correlation-id');
      const logged = app.logs.filter((line) => line.includes(`"correlation_id":"${correlationId}"`));
      expect(logged.filter((line) => line.includes('canary'))).toHaveLength(1);
    },
  );

  it.each([
    ['a string', 'canary'],
    ['undefined', undefined],
    ['null', null],
    ['an object', { status: 200, message: 'canary' }],
    ['an error that claims a status', Object.assign(new Error('canary'), { statusCode: 200 })],
    ['an error with an odd status', Object.assign(new Error('canary'), { statusCode: 700 })],
  ])('[90] an unexpected exception answers 500 server_error when it is %s', async (_, thrown) => {
    jest.spyOn(provider(IssuanceService), 'issue').mockImplementation(() => {
      // eslint-disable-next-line @typescript-eslint/only-throw-error -- the test is about throwing any value
      throw thrown;
    });
    const answer = await postAs(client, `${app.url}/token`, { grant_type: 'client_credentials' });
    expectError(answer, 500, 'server_error');
    expect(answer.text).not.toContain('canary');
  });

  it('[90] an unexpected exception leaves the service unchanged', async () => {
    const { refreshToken } = await startFamily(app, client);
    const spy = jest.spyOn(provider(IssuanceService), 'issue').mockImplementation(() => {
      throw bug;
    });
    expectError(await refresh(app, client, refreshToken), 500, 'server_error');
    spy.mockRestore();
    // The rotation is committed, so a repeated request is a retry and gets the successor.
    expect((await refresh(app, client, refreshToken)).status).toBe(200);
  });
});
