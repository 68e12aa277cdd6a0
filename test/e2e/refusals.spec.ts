/** The log and the audit log of refusals: the client, if known, and the values that did not match. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { admin, type Admin } from '../support/admin.js';
import { auditOf } from '../support/audit-trail.js';
import { changeClient, confidentialClient, publicClient, type TestClient } from '../support/clients.js';
import { serverErrors } from '../support/expectations.js';
import { postAs, refresh, send, type Answer } from '../support/requests.js';
import { Authorization, browserClient, webClient } from '../support/sign-in.js';
import { startApp, type TestApp } from '../support/test-app.js';

let app: TestApp;
let client: TestClient;

beforeAll(async () => {
  app = await startApp();
  client = await webClient(app);
});
afterAll(() => app.close());
afterEach(() => expect(serverErrors(app)).toEqual([]));

const authorize = (of: TestClient, overrides: Record<string, string | null> = {}): Promise<Answer> =>
  send(`${app.url}${new Authorization(of, overrides).path}`, { redirect: 'manual' });

/** The access log line of the request with this answer. */
function lineOf(answer: Answer): Record<string, unknown> {
  const id = answer.headers.get('x-correlation-id')!;
  const lines = app.logs.map((line) => JSON.parse(line) as Record<string, unknown>);
  return lines.find((line) => line['msg'] === 'request' && line['correlation_id'] === id)!;
}

describe('a refused authorization request', () => {
  it('a request with an unregistered redirect URI is logged and audited with the client and the URI', async () => {
    const answer = await authorize(client, { redirect_uri: 'https://client.test/back/?token=canary#canary' });
    expect(answer.status).toBe(400);
    const compared = { redirect_uri: 'https://client.test/back/?…' };
    expect(lineOf(answer)).toMatchObject({ client_id: client.clientId, result: 'unknown_redirect_uri', compared });
    expect(await auditOf(app, answer)).toMatchObject([
      {
        event: 'authorization.refused',
        reason: 'unknown_redirect_uri',
        client_id: client.clientId,
        detail: { error: 'invalid_request', ...compared },
      },
    ]);
  });

  it('a redirect URI with NUL and line breaks is audited safely', async () => {
    const answer = await authorize(client, { redirect_uri: 'https://client.test/\u0000\r\n' });
    expect(answer.status).toBe(400);
    expect(await auditOf(app, answer)).toHaveLength(1);
  });

  it('a request of a disabled client is audited with the client', async () => {
    const disabled = await webClient(app);
    await changeClient(app, disabled, { disabled: true });
    const answer = await authorize(disabled);
    expect(answer.status).toBe(400);
    expect(lineOf(answer)).toMatchObject({ client_id: disabled.clientId, result: 'client_disabled' });
    expect(await auditOf(app, answer)).toMatchObject([{ reason: 'client_disabled', client_id: disabled.clientId }]);
  });

  it('an unknown client id is not recorded', async () => {
    const answer = await authorize({ ...client, clientId: 'canary' });
    expect(lineOf(answer)).toMatchObject({ result: 'unknown_client' });
    expect(lineOf(answer)).not.toHaveProperty('client_id');
    expect(await auditOf(app, answer)).toMatchObject([{ reason: 'unknown_client', client_id: null }]);
    expect(app.logs.join()).not.toContain('canary');
  });

  it('an error that is reported to the client is logged with its details', async () => {
    const answer = await authorize(client, { response_type: 'token' });
    expect(answer.status).toBe(303);
    expect(lineOf(answer)).toMatchObject({ client_id: client.clientId, result: 'unsupported_response_type' });
    expect(await auditOf(app, answer)).toMatchObject([
      { event: 'authorization.refused', reason: 'unsupported_response_type', client_id: client.clientId },
    ]);
  });

  it('a request that needs a sign-in first is not a refusal', async () => {
    for (const prompt of ['login', 'none']) {
      expect(await auditOf(app, await authorize(client, { prompt }))).toEqual([]);
    }
  });
});

describe('a refused token request', () => {
  it('a scope beyond the registration is logged and audited', async () => {
    const machine = await confidentialClient(app);
    const answer = await postAs(machine, `${app.url}/token`, {
      grant_type: 'client_credentials',
      scope: `a admin ${'x'.repeat(60)}`,
    });
    expect(answer.status).toBe(400);
    const compared = { scope: 'admin (60 characters)' };
    expect(lineOf(answer)).toMatchObject({ client_id: machine.clientId, result: 'beyond_client', compared });
    expect(await auditOf(app, answer)).toMatchObject([{ event: 'token.refused', detail: compared }]);
  });
});

describe('a refused client authentication', () => {
  it('a refused token request is logged and audited with its client if that is known, whatever the reason', async () => {
    const strict = await confidentialClient(app, { strict: true });
    const inBody = { ...strict, method: 'client_secret_post' } as const;
    for (const [one, reason] of [
      [inBody, 'wrong_method'],
      [{ ...strict, secret: 'wrong' }, 'wrong_secret'],
    ] as const) {
      const answer = await postAs(one, `${app.url}/token`, { grant_type: 'client_credentials' });
      expect(answer.status).toBe(401);
      expect(lineOf(answer)).toMatchObject({ client_id: strict.clientId, result: reason });
      expect(await auditOf(app, answer)).toMatchObject([
        { event: 'client.authentication_failed', reason, client_id: strict.clientId },
      ]);
    }
    let answer: Answer;
    do answer = await postAs({ ...strict, secret: 'wrong' }, `${app.url}/token`, {});
    while (answer.status === 401);
    expect(answer.status).toBe(429);
    expect(lineOf(answer)).toMatchObject({ client_id: strict.clientId, result: 'failed_authentications' });
  });
});

describe('a refused access token', () => {
  let caller: Admin;

  beforeAll(async () => {
    caller = await admin(app);
  });

  it('a refused access token is logged with its client and the missing scope', async () => {
    const machine = await confidentialClient(app);
    const { body } = await postAs(machine, `${app.url}/token`, { grant_type: 'client_credentials' });
    const headers = { authorization: `Bearer ${body.access_token}` };
    for (const [path, scope] of [
      ['/userinfo', 'openid'],
      ['/admin/v1/clients', 'rekey:admin'],
    ]) {
      const answer = await send(`${app.url}${path}`, { headers });
      expect(answer.status).toBe(403);
      expect(lineOf(answer)).toMatchObject({ client_id: machine.clientId, compared: { scope } });
    }
    await caller.post('/revocations', { kind: 'client', value: machine.clientId, reason: 'test' });
    const answer = await send(`${app.url}/userinfo`, { headers });
    expect(lineOf(answer)).toMatchObject({ client_id: machine.clientId, result: 'revoked_access_token' });
  });
});

describe('refusals that anyone can cause', () => {
  const MOST = 60;

  const countOf = async (event: string, { clientId }: TestClient): Promise<number> => {
    const [row] = await app.database.query<[{ count: number }]>(
      'SELECT count(*)::int FROM audit_events WHERE event = $1 AND client_id = $2',
      [event, clientId],
    );
    return row.count;
  };

  it('refusals at /authorize that anyone can cause do not fill the audit log', async () => {
    const target = await browserClient(app);
    for (let index = 0; index < MOST + 20; index++) await authorize(target, { redirect_uri: 'https://evil.test/' });
    expect(await countOf('authorization.refused', target)).toBe(MOST);
    expect(lineOf(await authorize(target, { redirect_uri: 'https://evil.test/' }))).toMatchObject({
      client_id: target.clientId,
    });
  });

  it('refusals of public clients do not fill the audit log, and those of clients with a secret are all recorded', async () => {
    const targets = [await publicClient(app), await confidentialClient(app)];
    for (const target of targets) {
      for (let index = 0; index < MOST + 20; index++) await refresh(app, target, 'rt_nonsense');
    }
    expect(await countOf('refresh.refused', targets[0]!)).toBe(MOST);
    expect(await countOf('refresh.refused', targets[1]!)).toBe(MOST + 20);
  });
});
