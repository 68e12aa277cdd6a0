/** Who may do what in the admin API: clients with a scope, and users with roles. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { adminRoles, type AdminRole } from '../../src/oauth/scope.js';
import { accessToken, admin, bearer, callAdmin, type Admin } from '../support/admin.js';
import { confidentialClient, startFamily, type TestClient } from '../support/clients.js';
import { serverErrors } from '../support/expectations.js';
import { refresh, type Answer } from '../support/requests.js';
import { aUser, Authorization, authorize, signInAndExchange, webClient, type TestUser } from '../support/sign-in.js';
import { startApp, type TestApp } from '../support/test-app.js';
import { auditUnder } from '../support/users.js';

let app: TestApp;
let operator: Admin;
/** May ask for each role, for itself and for users. */
let client: TestClient;

beforeAll(async () => {
  app = await startApp();
  operator = await admin(app);
  client = await confidentialClient(app, {
    grantTypes: ['client_credentials', 'refresh_token'],
    scopes: ['openid', ...adminRoles],
  });
});
afterAll(() => app.close());
afterEach(() => expect(serverErrors(app)).toEqual([]));

const put = (path: string, roles: readonly string[], by: Admin = operator): Promise<Answer> =>
  callAdmin(app, 'PUT', path, bearer(by.token), { admin_roles: roles });

/** Acts with these roles, as a client. */
async function clientWith(...roles: AdminRole[]): Promise<Admin> {
  const as = await confidentialClient(app, { grantTypes: ['client_credentials'], scopes: roles });
  return admin(app, as);
}

/** A user with these roles, and headers with their access token. */
async function userWith(...roles: AdminRole[]): Promise<TestUser & { headers: Record<string, string> }> {
  const user = await aUser(app);
  expect((await put(`/users/${user.subject}/admin-roles`, roles)).status).toBe(200);
  const { refreshToken } = await startFamily(app, client, { subject: user.subject, scope: [...adminRoles] });
  const { body } = await refresh(app, client, refreshToken);
  return { ...user, headers: bearer(body.access_token as string) };
}

function expectMissing(answer: Answer, scope: string): void {
  expect(answer.status).toBe(403);
  expect(answer.body).toMatchObject({ code: 'insufficient_scope', detail: expect.stringContaining(scope) });
  expect(answer.headers.get('www-authenticate')).toContain(`scope="${scope}"`);
}

describe('every operation', () => {
  it('each operation admits the role that the document names and rekey:admin, and tells every other role which one is missing', async () => {
    const { body } = await callAdmin(app, 'GET', '/openapi.json', {});
    const operations = Object.entries(
      body.paths as Record<string, Record<string, { security: { admin: string[] }[] }>>,
    ).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, { security }]) => ({ path, method, security })),
    );
    expect(operations.length).toBeGreaterThan(25);
    for (const role of adminRoles) {
      const headers = bearer(await accessToken(app, client, role));
      for (const { path, method, security } of operations) {
        const needed = security[0]!.admin[0]!;
        const target = path.replace('/admin/v1', '').replace(/\{[^}]+\}/g, 'x');
        const answer = await callAdmin(app, method.toUpperCase(), target, headers);
        const told = {
          method,
          path,
          role,
          missing: /scope="([^"]+)"/.exec(answer.headers.get('www-authenticate') ?? '')?.[1],
        };
        const isAdmitted = role === needed || role === 'rekey:admin';
        expect(told).toEqual({ method, path, role, missing: isAdmitted ? undefined : needed });
        expect(answer.status === 403).toBe(!isAdmitted);
      }
    }
  });
});

describe('a user with roles', () => {
  it('a user may do what their roles allow, whatever the scope of their token', async () => {
    const { headers } = await userWith('rekey:read');
    expect((await callAdmin(app, 'GET', '/users', headers)).status).toBe(200);
    expectMissing(await callAdmin(app, 'GET', '/audit', headers), 'rekey:audit');
    expectMissing(await callAdmin(app, 'POST', '/users', headers, { username: 'x' }), 'rekey:users');
  });

  it('a user may do no more than the scope of their token allows, whatever their roles', async () => {
    const { subject } = await userWith('rekey:admin');
    const { refreshToken } = await startFamily(app, client, { subject, scope: ['rekey:read'] });
    const { body } = await refresh(app, client, refreshToken);
    expectMissing(await callAdmin(app, 'GET', '/audit', bearer(body.access_token)), 'rekey:audit');
  });

  it('a role that is taken away is gone with the next request, and back when it is given again', async () => {
    const { subject, headers } = await userWith('rekey:read', 'rekey:keys');
    expect((await callAdmin(app, 'GET', '/users', headers)).status).toBe(200);
    await put(`/users/${subject}/admin-roles`, ['rekey:keys']);
    expectMissing(await callAdmin(app, 'GET', '/users', headers), 'rekey:read');
    await put(`/users/${subject}/admin-roles`, ['rekey:admin']);
    expect((await callAdmin(app, 'GET', '/users', headers)).status).toBe(200);
  });

  it('a user without roles, and a subject who is no user here, may do nothing', async () => {
    const { headers } = await userWith();
    expectMissing(await callAdmin(app, 'GET', '/users', headers), 'rekey:read');
    const { refreshToken } = await startFamily(app, client, { subject: 'stranger', scope: ['rekey:admin'] });
    const { body } = await refresh(app, client, refreshToken);
    expectMissing(await callAdmin(app, 'GET', '/users', bearer(body.access_token)), 'rekey:read');
  });

  it('roles are shown with the user, are set by username too, and must be known', async () => {
    const { username } = await aUser(app);
    expect((await put(`/users/${username}/admin-roles`, ['rekey:read', 'rekey:users'])).body).toMatchObject({
      username,
      admin_roles: ['rekey:read', 'rekey:users'],
    });
    expect((await operator.get(`/users/${username}`)).body.admin_roles).toEqual(['rekey:read', 'rekey:users']);
    expect((await put(`/users/${username}/admin-roles`, ['rekey:root'])).status).toBe(400);
    expect((await put('/users/nobody/admin-roles', [])).status).toBe(404);
  });

  it('each change names the user who made it', async () => {
    const { subject, headers } = await userWith('rekey:admin');
    const other = await aUser(app);
    const answer = await callAdmin(app, 'PUT', `/users/${other.subject}/admin-roles`, headers, {
      admin_roles: ['rekey:keys'],
    });
    expect(await auditUnder(app, answer.headers.get('x-correlation-id')!)).toMatchObject([
      {
        event: 'user.admin_roles_changed',
        subject: other.subject,
        actor: `user:${subject}`,
        detail: { roles: ['rekey:keys'] },
      },
    ]);
  });
});

describe('nobody gets a role by way of someone who has it', () => {
  it('an admin with fewer roles cannot change, disable, delete or take over an admin with more', async () => {
    const { subject } = await userWith('rekey:read', 'rekey:audit');
    const support = await clientWith('rekey:users', 'rekey:read');
    const changes = [
      await support.patch(`/users/${subject}`, { username: 'mine-now' }),
      await support.patch(`/subjects/${subject}`, { disabled: true }),
      await support.post(`/users/${subject}/password`, { password: 'correct horse battery' }),
      await support.delete(`/users/${subject}`),
    ];
    for (const answer of changes) expectMissing(answer, 'rekey:audit');
    expect((await operator.get(`/users/${subject}`)).body).toMatchObject({ disabled: false });
  });

  it('an admin with the same roles, or more, may change another one', async () => {
    const { subject } = await userWith('rekey:users');
    const support = await clientWith('rekey:users', 'rekey:read');
    expect((await support.post(`/users/${subject}/password`, { password: 'correct horse battery' })).status).toBe(204);
    expect((await operator.patch(`/users/${subject}`, { disabled: true })).status).toBe(200);
  });

  it('an admin registers, changes and gives secrets only to clients whose roles they have themselves', async () => {
    const author = await clientWith('rekey:clients', 'rekey:read');
    const fields = { name: 'Mine', type: 'confidential', grant_types: ['client_credentials'], scopes: ['rekey:keys'] };
    const { clientId } = client;
    const mine = (await author.post('/clients', { ...fields, scopes: ['rekey:clients', 'other'] })).body.client_id;
    const secret = (await operator.post(`/clients/${clientId}/secrets`, {})).body.secret_id;
    const changes = [
      await author.post('/clients', fields),
      await author.patch(`/clients/${mine}`, { scopes: ['rekey:keys'] }),
      await author.delete(`/clients/${operator.client.clientId}`),
    ];
    expect(changes.map(({ status }) => status)).toEqual([403, 403, 403]);
    expectMissing(changes[0]!, 'rekey:keys');
    expectMissing(await author.post(`/clients/${clientId}/secrets`, {}), 'rekey:users');
    expectMissing(await author.delete(`/clients/${clientId}/secrets/${secret}`), 'rekey:users');
    expectMissing(await author.patch(`/clients/${clientId}`, { name: 'Mine' }), 'rekey:users');
  });
});

describe('an authorization request', () => {
  it('a user is granted the roles that they have, and signs in without the others', async () => {
    const user = await aUser(app);
    await put(`/users/${user.subject}/admin-roles`, ['rekey:read', 'rekey:users']);
    const web = await webClient(app, { scopes: ['openid', ...adminRoles], firstParty: true });
    const { body } = await signInAndExchange(app, web, user, { scope: ['openid', ...adminRoles].join(' ') });
    expect(body.scope).toBe('openid rekey:read rekey:users');
  });

  it('a request for nothing but roles that the user does not have is denied', async () => {
    const user = await aUser(app);
    const web = await webClient(app, { scopes: [...adminRoles], firstParty: true });
    const answer = await authorize(app, user, new Authorization(web, { scope: 'rekey:admin' }));
    expect(answer.get('error')).toBe('access_denied');
  });
});
