/** Errors of the admin API: RFC 9457 problems, strict validation, and no internals. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { admin, bearer, callAdmin, wrongFields, type Admin } from '../support/admin.js';
import { auditOf } from '../support/audit-trail.js';
import { send, type Answer, basic, refresh } from '../support/requests.js';
import { startApp, type TestApp } from '../support/test-app.js';
import { Canaries } from '../support/canaries.js';

let app: TestApp;
let caller: Admin;

beforeAll(async () => {
  app = await startApp();
  caller = await admin(app);
});
afterAll(() => app.close());

function expectProblem(answer: Answer, status: number, title: string, code: string): void {
  expect({ status: answer.status, code: answer.body.code }).toEqual({ status, code });
  expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
  expect(answer.headers.get('cache-control')).toContain('no-store');
  expect(answer.body).toMatchObject({ type: 'about:blank', title, status, detail: expect.any(String) });
  expect(answer.body.correlation_id).toBe(answer.headers.get('x-correlation-id'));
  const known = ['type', 'title', 'status', 'detail', 'code', 'errors', 'correlation_id'];
  expect(Object.keys(answer.body).filter((member) => !known.includes(member))).toEqual([]);
}

/** Expects a refusal of exactly these fields. */
function expectWrongFields(answer: Answer, ...fields: string[]): void {
  expectProblem(answer, 400, 'Bad Request', 'invalid_request');
  expect([...new Set(wrongFields(answer))].sort()).toEqual([...fields].sort());
}

const clients = async (): Promise<number> => (await caller.get('/clients?limit=200')).body.items.length;

describe('a problem', () => {
  it.each(['/admin', '/admin/', '/admin/v1', '/admin/v1/nothing', '/admin/v2/clients', '/admin/v1/families/x/y'])(
    'an unknown path answers a problem: %s',
    async (path) => {
      expectProblem(await send(app.url + path), 404, 'Not Found', 'not_found');
    },
  );

  it.each(['/admin/v1/clients/%zz', '/admin/v1/clients/%ff%fe', '/admin/%'])(
    'an undecodable path answers a problem: %s',
    async (path) => {
      expectProblem(await send(app.url + path), 400, 'Bad Request', 'invalid_request');
    },
  );

  it('a name too long for a path answers a problem', async () => {
    const answer = await caller.get(`/clients/${'x'.repeat(511)}`);
    expectProblem(answer, 414, 'URI Too Long', 'invalid_request');
  });

  it.each(['/adminx', '/nothing', '/administration/v1/clients'])(
    'paths outside the admin API do not answer problems: %s',
    async (path) => {
      const answer = await send(app.url + path);
      expect(answer.headers.get('content-type')).toMatch(/^application\/json/);
      expect(answer.body).toEqual({ error: 'not_found', error_description: expect.any(String) });
    },
  );

  it.each([
    ['PUT', '/clients', 'GET, POST'],
    ['POST', '/clients/abc', 'GET, PATCH, DELETE'],
    ['PATCH', '/clients/a%2Fb/secrets/c', 'DELETE'],
    ['GET', '/keys/rotations', 'POST, DELETE'],
    ['DELETE', '/audit', 'GET'],
  ])('a 405 problem names the allowed methods: %s %s', async (method, path, allow) => {
    const answer = await callAdmin(app, method, path, bearer(caller.token));
    expectProblem(answer, 405, 'Method Not Allowed', 'method_not_allowed');
    expect(answer.headers.get('allow')).toBe(allow);
  });

  it.each(['{', '{"name":"x"', 'name=x', "{'name':1}", '\u0000', '[1,]'])(
    'a body that is not JSON answers a problem: %j',
    async (body) => {
      expectProblem(await caller.post('/clients', body), 400, 'Bad Request', 'invalid_request');
    },
  );

  it('a form body answers a problem', async () => {
    const answer = await send(`${app.url}/admin/v1/clients`, {
      method: 'POST',
      headers: bearer(caller.token),
      body: new URLSearchParams({ name: 'x', type: 'public' }),
    });
    expectProblem(answer, 415, 'Unsupported Media Type', 'invalid_request');
  });

  it.each(['text/plain', 'application/xml', 'multipart/form-data; boundary=x', 'application/json\ta'])(
    'a body of type %s answers a problem',
    async (type) => {
      const answer = await callAdmin(app, 'POST', '/clients', { ...bearer(caller.token), 'content-type': type }, '{}');
      expect([400, 415]).toContain(answer.status);
      expectProblem(answer, answer.status, answer.body.title, 'invalid_request');
    },
  );

  it('a body of more than 16 KiB answers a problem', async () => {
    const answer = await caller.post('/clients', { name: 'x'.repeat(17_000), type: 'public' });
    expectProblem(answer, 413, 'Payload Too Large', 'request_too_large');
  });

  it('DELETE with a JSON type and no body is like DELETE without the type', async () => {
    const json = { 'content-type': 'application/json' };
    expect((await callAdmin(app, 'DELETE', '/users/x', json)).status).toBe(401);
    expect((await callAdmin(app, 'DELETE', '/users/x', { ...json, ...bearer(caller.token) })).status).toBe(404);
  });

  it.each(['/clients', '/families', '/revocations', '/users', '/users/import'])(
    'POST %s with a JSON type and no body is a 400 problem, once the caller is known',
    async (path) => {
      const json = { 'content-type': 'application/json' };
      expect((await callAdmin(app, 'POST', path, json, '')).status).toBe(401);
      const answer = await callAdmin(app, 'POST', path, { ...json, ...bearer(caller.token) }, '');
      expectProblem(answer, 400, 'Bad Request', 'invalid_request');
    },
  );

  it('JSON that is not UTF-8 is a 400 problem (RFC 8259 §8.1)', async () => {
    const headers = { ...bearer(caller.token), 'content-type': 'application/json' };
    const body = Buffer.from('{"username":"m\xfcller"}', 'latin1');
    const answer = await send(`${app.url}/admin/v1/users`, { method: 'POST', headers, body });
    expectProblem(answer, 400, 'Bad Request', 'invalid_request');
    expect(answer.body.detail).toBe('The body is not UTF-8.');
    expect((await caller.get('/users')).body.items).toEqual([]);
  });

  it.each(['m%fcller', '%', '%zz', '%ed%a0%80'])('a query that is not UTF-8 is a 400 problem: %s', async (username) => {
    const answer = await caller.get(`/users?username=${username}`);
    expectProblem(answer, 400, 'Bad Request', 'invalid_request');
  });

  it.each([
    ['POST', '/clients'],
    ['PATCH', '/clients/x'],
    ['POST', '/clients/x/secrets'],
    ['POST', '/families'],
    ['POST', '/revocations'],
    ['POST', '/users'],
    ['POST', '/users/import'],
    ['PATCH', '/users/x'],
    ['PATCH', '/subjects/x'],
  ])('JSON with more than 32 levels answers a problem: %s %s', async (method, path) => {
    const headers = { ...bearer(caller.token), 'content-type': 'application/json' };
    for (const levels of [33, 2700]) {
      const answer = await callAdmin(app, method, path, headers, `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`);
      expectProblem(answer, 400, 'Bad Request', 'invalid_request');
      expect(answer.body.detail).toBe('The JSON has more than 32 levels.');
    }
  });

  it('a problem names every invalid field with its path', async () => {
    const answer = await caller.post('/clients', {
      type: 'private',
      grant_types: ['password'],
      scopes: 'read write',
      access_token_ttl_seconds: '600',
      may_introspect: 'true',
      refresh: { rotation: 'sometimes', idle_ttl_seconds: 1.5 },
    });
    expectWrongFields(
      answer,
      'name',
      'type',
      'grant_types',
      'scopes',
      'access_token_ttl_seconds',
      'may_introspect',
      'refresh.rotation',
      'refresh.idle_ttl_seconds',
    );
  });

  it('a problem names the fields that break rules between fields', async () => {
    const answer = await caller.post('/clients', {
      name: 'x',
      type: 'public',
      token_endpoint_auth_method: 'client_secret_basic',
      grant_types: ['client_credentials'],
      refresh: { retry_window_seconds: 601 },
    });
    expectWrongFields(answer, 'token_endpoint_auth_method', 'grant_types', 'refresh.retry_window_seconds');
  });

  it('a problem about thousands of invalid fields is not larger than the request', async () => {
    const body = Object.fromEntries(Array.from({ length: 1500 }, (_, i) => [`f${i}`, 1]));
    const answer = await caller.post('/clients', body);
    expectProblem(answer, 400, 'Bad Request', 'invalid_request');
    expect(answer.text.length).toBeLessThan(4000);
  });

  it('a problem does not repeat invalid values', async () => {
    const answer = await caller.post('/revocations', { kind: 'family', value: '<script>canary</script>', reason: 'x' });
    expectWrongFields(answer, 'value');
    expect(answer.text).not.toContain('canary');
  });

  it('a problem has the correlation id that is in the audit log', async () => {
    const answer = await caller.post('/clients', { name: 'Traced', type: 'public' });
    const events = await auditOf(app, answer);
    expect(events.map(({ event, actor }) => ({ event, actor }))).toEqual([
      { event: 'client.created', actor: `client:${caller.client.clientId}` },
    ]);
  });
});

describe('mass assignment', () => {
  const onlyWhenNew = ['client_id', 'client_secret', 'client_secret_hash'];
  const unknown = [
    'secret',
    'secrets',
    'disabled',
    'disabled_at',
    'deleted_at',
    'created_at',
    'longest_access_token_ttl_seconds',
    'clientId',
    'retryWindowSeconds',
    'actor',
  ];

  it.each(unknown)('a new client does not accept %s', async (field) => {
    const before = await clients();
    expectWrongFields(await caller.post('/clients', { name: 'x', type: 'public', [field]: 'x' }), field);
    expect(await clients()).toBe(before);
  });

  it.each(unknown.filter((field) => field !== 'disabled').concat('type', onlyWhenNew))(
    'a change does not accept %s',
    async (field) => {
      const { body } = await caller.post('/clients', { name: 'x', type: 'confidential' });
      expectWrongFields(await caller.patch(`/clients/${body.client_id}`, { [field]: 'public' }), field);
      const { secret_id: _, client_secret: __, ...unchanged } = body;
      expect((await caller.get(`/clients/${body.client_id}`)).body).toEqual(unchanged);
    },
  );

  it.each(['family_id', 'generation', 'actor', 'expires_at', 'imported_token_digest'])(
    'a new family does not accept %s',
    async (field) => {
      const body = { client_id: 'x', subject: 'u', scope: 'a', [field]: 'x' };
      expectWrongFields(await caller.post('/families', body), field);
    },
  );

  it.each(['actor', 'not_before', 'id', 'families'])('a revocation does not accept %s', async (field) => {
    expectWrongFields(await caller.post('/revocations', { kind: 'all', reason: 'x', [field]: 'x' }), field);
  });

  it.each([
    '{"__proto__":{"admin":true},"name":"x","type":"public"}',
    '{"name":"x","type":"public","refresh":{"__proto__":{"rotation":"never"}}}',
    '{"constructor":{"prototype":{"admin":true}},"name":"x","type":"public"}',
  ])('a prototype member is not accepted as a field: %s', async (body) => {
    const before = await clients();
    expectProblem(await caller.post('/clients', body), 400, 'Bad Request', 'invalid_request');
    expect(({} as Record<string, unknown>).admin).toBeUndefined();
    expect(await clients()).toBe(before);
  });

  it('a member named constructor does not change the validation', async () => {
    expectWrongFields(
      await caller.post('/clients', '{"constructor":{"name":"Object"},"name":5,"type":"public"}'),
      'name',
    );
  });

  it.each(['null', '[]', '[{"name":"x","type":"public"}]', '"x"', '1', 'true'])(
    'a body must be an object: %s',
    async (body) => {
      const before = await clients();
      expectProblem(await caller.post('/clients', body), 400, 'Bad Request', 'invalid_request');
      expect(await clients()).toBe(before);
    },
  );

  it.each([
    ['name', null],
    ['name', ''],
    ['name', ' '],
    ['name', 'a\nb'],
    ['name', 'a\u0000b'],
    ['name', '\ud800'],
    ['name', 'x'.repeat(201)],
    ['name', { toString: 'x' }],
    ['name', ['x']],
    ['scopes', null],
    ['scopes', ['a b']],
    ['scopes', ['a', 'a']],
    ['scopes', [1]],
    ['scopes', { length: 0 }],
    ['grant_types', ['refresh_token', 'refresh_token']],
    ['grant_types', [null]],
    ['audience', ['']],
    ['audience', ['a\u0000']],
    ['access_token_ttl_seconds', null],
    ['access_token_ttl_seconds', '600'],
    ['access_token_ttl_seconds', 9],
    ['access_token_ttl_seconds', 86_401],
    ['access_token_ttl_seconds', 1e300],
    ['may_introspect', 1],
    ['refresh', null],
    ['refresh', []],
    ['refresh', 'always'],
    ['token_endpoint_auth_method', 'none'],
  ])('%s cannot be %j, in a new client or in a change', async (field, value) => {
    expectWrongFields(await caller.post('/clients', { name: 'x', type: 'confidential', [field]: value }), field);
    const { body } = await caller.post('/clients', { name: 'x', type: 'confidential' });
    expectWrongFields(await caller.patch(`/clients/${body.client_id}`, { [field]: value }), field);
  });
});

describe('queries', () => {
  it.each(['0', '-1', '201', '1.5', '1e1', '', 'x', '10&limit=10', '%00'])('a limit cannot be %s', async (limit) => {
    expectWrongFields(await caller.get(`/clients?limit=${limit}`), 'limit');
  });

  it.each(['order', 'sort', 'offset', 'filter', 'limit[$gt]', 'constructor[x]'])(
    'there is no query parameter %s',
    async (name) => {
      expectProblem(await caller.get(`/clients?${name}=name`), 400, 'Bad Request', 'invalid_request');
    },
  );

  it.each(['subject=a&subject=b', 'subject[$ne]=x', 'subject=%00', 'client_id=', 'state=dead'])(
    'the family list cannot be filtered by %s',
    async (query) => {
      expectProblem(await caller.get(`/families?${query}`), 400, 'Bad Request', 'invalid_request');
    },
  );

  it.each([
    'family_id=x',
    'event=everything',
    'from=yesterday',
    'from=2030-01-01',
    'from=2030-01-01T00:00:00',
    'to=2030-02-30T00:00:00Z',
    'correlation_id=%00',
    "client_id=x'%00--",
  ])('the audit log cannot be filtered by %s', async (query) => {
    expectProblem(await caller.get(`/audit?${query}`), 400, 'Bad Request', 'invalid_request');
  });

  it.each(['%00', 'a%0Ab', "';%20DROP%20TABLE%20clients;%20--", '..%2Fclients', '%F0%9F%92%A5', 'x'.repeat(400)])(
    'no client has the id %s',
    async (name) => {
      expectProblem(await caller.get(`/clients/${name}`), 404, 'Not Found', 'not_found');
    },
  );

  it.each(['x', '%00', '00000000-0000-0000-0000-000000000000', "'%20OR%201=1"])(
    'no family has the family_id %s',
    async (familyId) => {
      expectProblem(await caller.get(`/families/${familyId}`), 404, 'Not Found', 'not_found');
    },
  );
});

describe('with the database away', () => {
  it.each(['tracker', 'database'])(
    'with the database away, the admin API answers 503 without the cause (revocation check: %s)',
    async (check) => {
      const other = await startApp({ environment: { REKEY_REVOCATION_CHECK: check } });
      const someone = await admin(other);
      await other.database.destroy();
      for (const answer of [
        await someone.get('/clients'),
        await someone.get('/audit?subject=u'),
        await someone.post('/revocations', { kind: 'all', reason: 'x' }),
        await someone.post('/clients', { name: 'x', type: 'public' }),
      ]) {
        expectProblem(answer, 503, 'Service Unavailable', 'temporarily_unavailable');
        expect(answer.headers.get('retry-after')).toMatch(/^\d+$/);
        expect(answer.text).not.toMatch(/driver|connect|pool|select|insert|postgres|typeorm|\bat \S+:\d/i);
      }
      await other.close();
    },
  );
});

/** The admin API shows no secret a second time, and logs none. */
describe('secrets', () => {
  let caller: Admin;
  let clientId: string;
  let familyId: string;
  const canaries = new Canaries();

  beforeAll(async () => {
    caller = await admin(app);
    canaries.add('admin token', caller.token);
    canaries.addCredentials('admin', caller.client.clientId, caller.client.secret!);

    const { body: client } = await caller.post('/clients', { name: 'Canary', type: 'confidential', scopes: ['a'] });
    clientId = client.client_id as string;
    canaries.addCredentials('client', clientId, client.client_secret as string);
    const { body: secret } = await caller.post(`/clients/${clientId}/secrets`, {});
    canaries.addCredentials('second secret', clientId, secret.client_secret as string);
    for (const { digest } of await app.database.query<{ digest: Buffer }[]>('SELECT digest FROM client_secrets')) {
      canaries.add('digest', digest.toString('base64url'));
      canaries.add('digest', digest.toString('hex'));
    }

    const { body: family } = await caller.post('/families', { client_id: clientId, subject: 'canary', scope: 'a' });
    familyId = family.family_id as string;
    canaries.addRefreshToken('first refresh token', family.refresh_token as string);
    const as = { clientId, secret: client.client_secret as string, method: 'client_secret_basic' } as const;
    const { body: refreshed } = await refresh(app, as, family.refresh_token as string);
    canaries.addRefreshToken('refresh token', refreshed.refresh_token as string);
    canaries.add('access token', refreshed.access_token as string);
  });

  it('no list or resource of the admin API contains a secret', async () => {
    const answers = [
      await caller.get('/clients?limit=200'),
      await caller.get(`/clients/${clientId}`),
      await caller.get(`/clients/${clientId}/secrets`),
      await caller.patch(`/clients/${clientId}`, { name: 'Canary still' }),
      await caller.get('/families?limit=200'),
      await caller.get(`/families/${familyId}`),
      await caller.post('/revocations', { kind: 'client', value: clientId, reason: 'x', dry_run: true }),
      await caller.post('/revocations', { kind: 'family', value: familyId, reason: 'x' }),
      await caller.get('/revocations?limit=200'),
      await caller.patch('/subjects/canary', { disabled: true }),
      await caller.get('/subjects/canary'),
      await caller.get('/audit?limit=200'),
      await caller.post('/keys/rotations', {}),
      await caller.get('/keys'),
    ];
    expect(answers.map(({ status }) => status).filter((status) => status >= 300)).toEqual([]);
    for (const { text, headers } of answers) {
      expect(canaries.leaksIn(text)).toEqual([]);
      expect(canaries.leaksIn(JSON.stringify([...headers]))).toEqual([]);
    }
  });

  it('no error of the admin API repeats a secret, wherever it was sent', async () => {
    const secret = caller.client.secret!;
    const answers: Answer[] = [
      await callAdmin(app, 'GET', '/clients', { authorization: `Bearer ${secret}` }),
      await callAdmin(app, 'GET', '/clients', basic(caller.client)),
      await callAdmin(app, 'GET', `/clients?access_token=${caller.token}`, {}),
      await caller.get(`/clients?cursor=${secret}`),
      await caller.get(`/clients/${secret}`),
      await caller.get(`/families/${secret}`),
      await caller.get(`/nothing/${secret}`),
      await caller.post('/clients', { name: 'x', type: secret }),
      await caller.post('/clients', { name: [secret], type: 'public' }),
      await caller.post('/clients', `{"name":"${secret}`),
      await caller.post('/revocations', { kind: 'token', value: caller.token, reason: 'x' }),
      await caller.post('/revocations', { kind: 'family', value: secret, reason: 'x' }),
      await caller.delete(`/keys/${secret}`),
      await caller.delete(`/clients/${clientId}/secrets/${secret}`),
    ];
    for (const { status, text } of answers) {
      expect(status).toBeGreaterThanOrEqual(400);
      expect(status).toBeLessThan(500);
      expect(canaries.leaksIn(text)).toEqual([]);
    }
  });

  it('the log contains no secret, at any level', () => {
    expect(app.logs.length).toBeGreaterThan(20);
    expect(canaries.leaksIn(app.logs.join(''))).toEqual([]);
  });
});
