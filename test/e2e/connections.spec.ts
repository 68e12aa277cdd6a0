/** Connections that end early: a caller hangs up, which is one log line and not an error, or the service stops. */
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { TokenService } from '../../src/endpoints/token/token.service.js';
import { confidentialClient, type TestClient, startFamily } from '../support/clients.js';
import { eventually } from '../support/eventually.js';
import { exchangeSlowly, FORM, hangUp, type RawRequest } from '../support/raw-http.js';
import { basic, send, refresh } from '../support/requests.js';
import { startApp, type TestApp } from '../support/test-app.js';
import { setTimeout as sleep } from 'node:timers/promises';
import { TokenFamilyRepository } from '../../src/refresh/token-family.repository.js';

let app: TestApp;
let client: TestClient;

beforeAll(async () => {
  app = await startApp();
  client = await confidentialClient(app);
});
afterAll(() => app.close());

const JSON_TYPE = ['Content-Type', 'application/json'] as const;

interface Line {
  readonly level: string | number;
  readonly msg: string;
  readonly [field: string]: unknown;
}

/** Everything that is logged from now on. */
function logged(): () => Line[] {
  const from = app.logs.length;
  return () => app.logs.slice(from).map((line) => JSON.parse(line) as Line);
}

/** The log until the lines of the request and of a later one. */
async function linesOf(action: () => Promise<unknown>): Promise<Line[]> {
  const lines = logged();
  await action();
  await eventually(() => expect(lines().filter(({ msg }) => msg === 'request')).not.toEqual([]));
  await send(`${app.url}/health/live`);
  return lines().filter(({ route }) => route !== '/health/live');
}

const INFO = 30;

describe('a caller that hangs up', () => {
  it.each<[string, RawRequest]>([
    ['/token', { path: '/token', headers: [FORM], body: 'grant_type=client_credentials' }],
    ['/sign-in', { path: '/sign-in', headers: [FORM], body: 'username=alice' }],
    ['/admin/v1/clients', { path: '/admin/v1/clients', headers: [JSON_TYPE], body: '{}' }],
  ])('a request that is aborted in its body is one info line with the result `aborted`: %s', async (route, request) => {
    const lines = await linesOf(() => hangUp(app.url, request));
    expect(lines).toMatchObject([{ level: INFO, msg: 'request', method: 'POST', route, result: 'aborted' }]);
    expect(lines[0]).not.toHaveProperty('status');
  });

  it('a request that is aborted while it is served is the same line', async () => {
    const service = app.nest.get(TokenService, { strict: false });
    const issue = service.token.bind(service);
    let served = () => {};
    const begun = new Promise<void>((resolve) => {
      jest.spyOn(service, 'token').mockImplementation(async (...request) => {
        resolve();
        await new Promise<void>((go) => (served = go));
        return issue(...request);
      });
    });
    const body = 'grant_type=client_credentials';
    const request = { path: '/token', headers: [FORM, ['Authorization', basic(client).authorization!]] as const, body };
    const lines = await linesOf(() =>
      exchangeSlowly(app.url, request, async (socket) => {
        socket.write(body);
        await begun;
        socket.resetAndDestroy();
      }),
    );
    served();
    jest.restoreAllMocks();
    expect(lines).toMatchObject([{ level: INFO, msg: 'request', route: '/token', result: 'aborted' }]);
  });
});

// The last test, because it stops the service.
it('[292] during a drain, a request under way is answered, and connections are closed by the server', async () => {
  const { refreshToken } = await startFamily(app, client);
  const repository = app.nest.get(TokenFamilyRepository, { strict: false });
  const rotate = repository.rotate.bind(repository);
  let goOn = (): void => undefined;
  const held = new Promise<void>((resolve) => (goOn = resolve));
  const rotation = jest.spyOn(repository, 'rotate').mockImplementationOnce(async (entries, now) => {
    await held;
    return rotate(entries, now);
  });
  const answered = refresh(app, client, refreshToken);
  await eventually(() => expect(rotation).toHaveBeenCalled());
  const closed = app.close().then(() => 'closed');
  goOn();
  expect((await answered).status).toBe(200);
  // A client keeps a connection open for more than a minute.
  expect(await Promise.race([closed, sleep(10_000, 'still open', { ref: false })])).toBe('closed');
  await closed;
}, 120_000);
