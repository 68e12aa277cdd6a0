/** Scopes that a deployment defines, in the admin API and in what clients and users see of them. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { decodeJwt } from 'jose';
import { UsersService } from '../../src/users/users.service.js';
import { admin, bearer, column, wrongFields, type Admin } from '../support/admin.js';
import { auditOf } from '../support/audit-trail.js';
import { changeClient, startFamily, type TestClient } from '../support/clients.js';
import { serverErrors } from '../support/expectations.js';
import { withLostStatements } from '../support/failing-statements.js';
import { introspect, refresh, send, type Answer } from '../support/requests.js';
import {
  Authorization,
  aUser,
  isConsent,
  REDIRECT_URI,
  signIn,
  signInAndExchange,
  webClient,
  type TestUser,
} from '../support/sign-in.js';
import { startApp, type TestApp } from '../support/test-app.js';
import { Visitor } from '../support/visitor.js';

const API = 'https://orders.example.com';

let app: TestApp;
let caller: Admin;
let user: TestUser;
let count = 0;

beforeAll(async () => {
  app = await startApp();
  caller = await admin(app);
  user = await aUser(app, { name: 'Ada' });
  await app.nest
    .get(UsersService, { strict: false })
    .update(user.subject, { groups: ['sales'], attributes: { region: 'TW', level: 3 } }, { actor: 'test' });
});
afterAll(() => app.close());
afterEach(() => expect(serverErrors(app)).toEqual([]));

const newName = (): string => `scope${++count}`;
const path = (name: string): string => `/scopes/${encodeURIComponent(name)}`;

async function defined(fields: object = {}): Promise<{ name: string } & Record<string, unknown>> {
  const answer = await caller.post('/scopes', { name: newName(), texts: { en: 'See it' }, ...fields });
  expect([answer.status, answer.body.errors]).toEqual([201, undefined]);
  return answer.body as { name: string };
}

const clientWith = (...scopes: string[]): Promise<TestClient> =>
  webClient(app, { scopes: ['openid', 'offline_access', 'read', ...scopes], audience: [API, 'https://other.example'] });

describe('a scope', () => {
  it('a scope is defined, shown, listed, changed and deleted, with the admin’s name in the audit log', async () => {
    const name = 'orders:read';
    const texts = { en: 'See your orders', 'zh-Hant': '查看您的訂單' };
    const whole = {
      name,
      texts,
      claims: ['region', 'groups', 'name'],
      into: ['userinfo', 'access_token'],
      audience: API,
    };
    const created = await caller.post('/scopes', whole);
    const now = new Date(app.clock.now()).toISOString();
    expect([created.status, created.body]).toEqual([201, { ...whole, created_at: now, updated_at: now }]);
    expect((await caller.get(path(name))).body).toEqual(created.body);
    expect((await caller.get('/scopes')).body.items).toContainEqual(created.body);

    app.clock.advanceSeconds(60);
    const changed = await caller.patch(path(name), { claims: ['region'], audience: null, texts: { en: 'Orders' } });
    expect(changed.body).toMatchObject({ claims: ['region'], texts: { ...texts, en: 'Orders' }, into: whole.into });
    expect(changed.body).not.toHaveProperty('audience');
    expect((await caller.patch(path(name), { texts: { 'zh-Hant': null } })).body.texts).toEqual({ en: 'Orders' });

    const deleted = await caller.delete(path(name));
    expect(deleted.status).toBe(204);
    for (const gone of [
      await caller.get(path(name)),
      await caller.delete(path(name)),
      await caller.patch(path(name), {}),
    ])
      expect(gone.status).toBe(404);
    const by = { actor: `client:${caller.client.clientId}` };
    expect(await auditOf(app, created)).toMatchObject([{ event: 'scope.created', ...by, detail: { scope: name } }]);
    expect(await auditOf(app, changed)).toMatchObject([{ event: 'scope.updated', ...by, detail: { scope: name } }]);
    expect(await auditOf(app, deleted)).toMatchObject([{ event: 'scope.deleted', ...by, detail: { scope: name } }]);
  });

  it('a scope needs a name and an English text, and goes to userinfo', async () => {
    const { name } = await defined();
    expect((await caller.get(path(name))).body).toMatchObject({
      claims: [],
      into: ['userinfo'],
      texts: { en: 'See it' },
    });
    expect(wrongFields(await caller.post('/scopes', {})).sort()).toEqual(['name', 'texts']);
  });

  it.each([
    ['name', { name: 'a b' }],
    ['name', { name: 'openid' }],
    ['name', { name: 'groups' }],
    ['name', { name: 'offline_access' }],
    ['name', { name: 'rekey:admin' }],
    ['name', { name: 'rekey:else' }],
    ['texts.en', { texts: { en: ' ' } }],
    ['texts.en', { texts: { en: 'x'.repeat(201) } }],
    ['texts.en', { texts: { 'zh-Hant': '查看' } }],
    ['texts.zh-Hant', { texts: { en: 'See it', 'zh-Hant': ' ' } }],
    ['texts.de', { texts: { en: 'See it', de: 'Sehen' } }],
    ['claims', { claims: ['sub'] }],
    ['claims', { claims: ['iss'] }],
    ['claims', { claims: ['aud'] }],
    ['claims', { claims: ['exp'] }],
    ['claims', { claims: ['scope'] }],
    ['claims', { claims: ['a b'] }],
    ['claims', { claims: 'region' }],
    ['into', { into: ['logout_token'] }],
    ['audience', { audience: API }],
    ['audience', { audience: '', into: ['access_token'] }],
    ['built_in', { built_in: true }],
  ])('a scope cannot have this %s: %j', async (field, wrong) => {
    const whole = { name: newName(), texts: { en: 'See it' }, ...wrong };
    const answer = await caller.post('/scopes', whole);
    expect([answer.status, wrongFields(answer)]).toEqual([400, [field]]);
    const { name } = await defined();
    expect((await caller.patch(path(name), wrong)).status).toBe('texts' in wrong && !('en' in wrong.texts) ? 200 : 400);
  });

  it('of parallel definitions of one scope, one succeeds', async () => {
    const name = newName();
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => caller.post('/scopes', { name, texts: { en: 'x' } })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([201, ...new Array<number>(9).fill(409)]);
  });

  it('of parallel changes of one scope, each that is answered counts, and the rules hold for the result', async () => {
    const { name } = await defined({ into: ['access_token'] });
    const answers = await Promise.all([
      caller.patch(path(name), { claims: ['region'] }),
      caller.patch(path(name), { texts: { en: 'Changed' } }),
      caller.patch(path(name), { audience: API }),
      caller.patch(path(name), { into: ['userinfo'] }),
    ]);
    const { body } = await caller.get(path(name));
    expect(body).toMatchObject({ claims: ['region'], texts: { en: 'Changed' } });
    // An audience needs access tokens, so one of the two is refused.
    expect(
      answers
        .slice(2)
        .map(({ status }) => status)
        .sort(),
    ).toEqual([200, 400]);
    expect(body.audience === API).toBe((body.into as string[]).includes('access_token'));
  });

  it('a scope that clients have cannot be deleted, and the answer names them', async () => {
    const { name } = await defined();
    const client = await clientWith(name);
    const refused = await caller.delete(path(name));
    expect([refused.status, refused.body.detail]).toEqual([
      409,
      `Clients have this scope: "${client.clientId}". Take it from them first.`,
    ]);
    await changeClient(app, client, { scopes: ['openid'] });
    expect((await caller.delete(path(name))).status).toBe(204);
  });

  it('there are 500 at most', async () => {
    const rest = 500 - column(await caller.get('/scopes?limit=200'), 'name').length;
    await app.database.query(
      `INSERT INTO scopes SELECT 'many-' || n, 'x', NULL, '{}', '{}', NULL, now(), now() FROM generate_series(1, $1) n`,
      [rest],
    );
    const answer = await caller.post('/scopes', { name: newName(), texts: { en: 'x' } });
    await app.database.query(`DELETE FROM scopes WHERE name LIKE 'many-%'`);
    expect([answer.status, answer.body.detail]).toEqual([409, 'There are 500 scopes already, which is the most.']);
  });
});

describe('the claims of a scope', () => {
  const tokensOf = async (client: TestClient, scope: string, overrides: Record<string, string> = {}) =>
    (await signInAndExchange(app, client, user, { scope, ...overrides })).body;
  const userinfo = async ({ access_token }: Answer['body']) =>
    (await send(`${app.url}/userinfo`, { headers: bearer(access_token) })).body;

  it.each(['userinfo', 'id_token', 'access_token'])('go into the %s alone where the scope says so', async (into) => {
    const { name } = await defined({ claims: ['region', 'groups', 'missing'], into: [into] });
    const tokens = await tokensOf(await clientWith(name), `openid offline_access ${name}`);
    const places = {
      userinfo: await userinfo(tokens),
      id_token: decodeJwt(tokens.id_token),
      access_token: decodeJwt(tokens.access_token),
    };
    for (const [place, claims] of Object.entries(places)) {
      const expected = place === into ? ['TW', ['sales'], undefined] : [undefined, undefined, undefined];
      expect([claims['region'], claims['groups'], claims['missing']]).toEqual(expected);
    }
  });

  it('go only into access tokens for its audience', async () => {
    const { name } = await defined({ claims: ['region'], into: ['access_token'], audience: API });
    const client = await clientWith(name);
    const { refresh_token: refreshToken } = await tokensOf(client, `openid offline_access ${name}`);
    const here = (await refresh(app, client, refreshToken, { resource: API })).body;
    const there = (await refresh(app, client, here.refresh_token, { resource: 'https://other.example' })).body;
    expect([decodeJwt(here.access_token)['region'], decodeJwt(there.access_token)['region']]).toEqual([
      'TW',
      undefined,
    ]);
    expect((await introspect(app, client, here.access_token)).body).toMatchObject({ active: true, region: 'TW' });
  });

  it('follow a change of the scope at the next refresh, and are not for a token whose scope was narrowed', async () => {
    const { name } = await defined({ claims: ['region'], into: ['access_token'] });
    const client = await clientWith(name);
    const { refresh_token: refreshToken } = await tokensOf(client, `openid offline_access read ${name}`);
    await caller.patch(path(name), { claims: ['level'] });
    const next = (await refresh(app, client, refreshToken)).body;
    expect(decodeJwt(next.access_token)).toMatchObject({ level: 3 });
    expect(decodeJwt(next.access_token)).not.toHaveProperty('region');
    const narrow = (await refresh(app, client, next.refresh_token, { scope: 'read' })).body;
    expect(decodeJwt(narrow.access_token)).not.toHaveProperty('level');
  });

  it('are not for a client that does not have the scope', async () => {
    const { name } = await defined({ claims: ['region'], into: ['userinfo', 'id_token', 'access_token'] });
    const tokens = await tokensOf(await clientWith(), `openid ${name}`);
    for (const claims of [await userinfo(tokens), decodeJwt(tokens.id_token), decodeJwt(tokens.access_token)]) {
      expect(claims).not.toHaveProperty('region');
    }
  });

  it('are known to a refresh without a statement, for a second', async () => {
    await defined();
    const client = await clientWith();
    const { refreshToken } = await startFamily(app, client, { subject: user.subject, scope: ['read'] });
    const { body } = await refresh(app, client, refreshToken);
    const again = await withLostStatements(app, /FROM (scopes|users)/, () => refresh(app, client, body.refresh_token));
    expect([again.result.status, again.lost]).toEqual([200, 0]);
  });

  it('stay as they were last known while the database does not answer for them', async () => {
    const { name } = await defined({ claims: ['region'] });
    const metadata = () => send(`${app.url}/.well-known/openid-configuration`);
    await metadata();
    app.clock.advanceSeconds(2);
    const { result, lost } = await withLostStatements(app, /FROM scopes/, metadata);
    expect([result.status, lost]).toEqual([200, 1]);
    expect(result.body.scopes_supported).toContain(name);
  });
});

describe('what clients and users see', () => {
  it('the metadata lists the scope and its claims, each once', async () => {
    const { name } = await defined({ claims: ['region', 'email'] });
    for (const document of ['openid-configuration', 'oauth-authorization-server']) {
      const { body } = await send(`${app.url}/.well-known/${document}`);
      const [scopes, claims] = [body.scopes_supported as string[], body.claims_supported as string[]];
      expect(scopes.filter((one) => one === name)).toHaveLength(1);
      expect(claims).toEqual([...new Set(claims)]);
      expect(claims).toEqual(expect.arrayContaining(['region', 'email', 'groups', 'sub']));
    }
  });

  it('the consent page and the account have the text, in the language of the user, and never as markup', async () => {
    const texts = { en: 'See your <b>orders</b>', 'zh-Hant': '查看您的訂單' };
    const { name } = await defined({ texts });
    const english = await defined({ texts: { en: 'Only English' } });
    const client = await clientWith(name, english.name);
    const visitor = new Visitor(app);
    const request = new Authorization(client, { scope: `openid ${name} ${english.name}`, redirect_uri: REDIRECT_URI });
    const consent = await signIn(visitor, await visitor.get(request.path), user);
    expect(isConsent(consent)).toBe(true);
    expect(consent.html).toContain('See your &lt;b>orders&lt;/b>');
    expect(consent.html).toContain('Only English');
    const chinese = await visitor.get(`${request.path}&ui_locales=zh-Hant`);
    expect(chinese.html).toContain('查看您的訂單');
    expect(chinese.html).toContain('Only English');
    await visitor.submit(consent, { decision: 'allow' });
    expect((await visitor.get('/account?ui_locales=zh-Hant')).html).toContain('查看您的訂單');
  });
});
