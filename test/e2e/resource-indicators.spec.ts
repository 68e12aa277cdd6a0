/** Resource indicators at the token endpoint (RFC 8707). */
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { decodeJwt } from 'jose';
import { auditOf } from '../support/audit-trail.js';
import { changeClient, confidentialClient, resourceServer, startFamily, type TestClient } from '../support/clients.js';
import { expectAlive, expectError, serverErrors } from '../support/expectations.js';
import { credentialsOf, introspect, postForm, type Answer } from '../support/requests.js';
import { startApp, type TestApp } from '../support/test-app.js';

const ORDERS = 'https://orders.example.com';
const STOCK = 'https://stock.example.com/v1';
const MAIL = 'urn:example:mail';

let app: TestApp;
let client: TestClient;

beforeAll(async () => {
  app = await startApp();
  client = await confidentialClient(app, { audience: [ORDERS, STOCK, MAIL] });
});
afterAll(() => app.close());
afterEach(() => expect(serverErrors(app)).toEqual([]));

/** A token request with as many `resource` parameters as there are resources. */
function ask(owner: TestClient, fields: Record<string, string>, resources: readonly string[] = []): Promise<Answer> {
  const { headers, fields: credentials } = credentialsOf(owner);
  const form = new URLSearchParams({ ...credentials, ...fields });
  for (const resource of resources) form.append('resource', resource);
  return postForm(`${app.url}/token`, form, headers);
}

const refreshFor = (refreshToken: string, resources: readonly string[] = [], owner = client): Promise<Answer> =>
  ask(owner, { grant_type: 'refresh_token', refresh_token: refreshToken }, resources);

const audienceOf = ({ status, body }: Answer): unknown => {
  expect(status).toBe(200);
  return decodeJwt(body.access_token as string).aud;
};

/** A family granted for these resources, as by an authorization request with `resource`. */
async function startFamilyFor(resources: readonly string[], owner = client): Promise<string> {
  const { familyId, refreshToken } = await startFamily(app, owner);
  await app.database.query('UPDATE token_families SET resource = $2 WHERE family_id = $1', [familyId, resources]);
  return refreshToken;
}

const malformed = [
  'foo',
  '/v1',
  '//orders.example.com',
  `${ORDERS}/#f`,
  `${ORDERS}#`,
  `${ORDERS}/ x`,
  `${ORDERS}/\n`,
  'https://',
  `${ORDERS}/${'x'.repeat(500)}`,
];

describe('a resource', () => {
  it.each(malformed)(
    '[249] a resource that is not an absolute URI without a fragment is an invalid_target: %j',
    async (resource) => {
      const { refreshToken } = await startFamily(app, client);
      expectError(await refreshFor(refreshToken, [resource]), 400, 'invalid_target');
      expectError(await refreshFor(refreshToken, [ORDERS, resource]), 400, 'invalid_target');
      expectError(await ask(client, { grant_type: 'client_credentials' }, [resource]), 400, 'invalid_target');
      await expectAlive(app, client, refreshToken);
    },
  );

  it('[249] several resources are named by a repeated parameter', async () => {
    const { refreshToken } = await startFamily(app, client);
    expect(audienceOf(await refreshFor(refreshToken, [MAIL, ORDERS]))).toEqual([MAIL, ORDERS]);
  });

  it('[249] a resource named twice counts once, and an empty one is ignored', async () => {
    const { refreshToken } = await startFamily(app, client);
    const first = await refreshFor(refreshToken, [ORDERS, '', ORDERS]);
    expect(audienceOf(first)).toBe(ORDERS);
    expect(audienceOf(await refreshFor(first.body.refresh_token, ['']))).toEqual([ORDERS, STOCK, MAIL]);
  });

  it('a request may name ten resources at most', async () => {
    const { refreshToken } = await startFamily(app, client);
    const many = (count: number) => Array.from({ length: count }, (_, index) => `https://${index}.example.com`);
    expectError(await refreshFor(refreshToken, many(11)), 400, 'invalid_target');
    expectError(await refreshFor(refreshToken, many(49)), 400, 'invalid_request');
    await expectAlive(app, client, refreshToken);
  });

  it.each([
    ['a foreign resource', ['https://evil.example.com']],
    ['a foreign resource beside an own one', [ORDERS, 'https://evil.example.com']],
    ['another path of an own resource', [`${ORDERS}/admin`]],
    ['an own resource with another slash', [`${ORDERS}/`]],
    ['an own resource in upper case', [ORDERS.toUpperCase()]],
    ['this service, for a client with an audience', ['http://rekey.test']],
  ])(
    '[250] a resource outside the client’s audience is an invalid_target, and consumes nothing: %s',
    async (_, resources) => {
      const { refreshToken } = await startFamily(app, client);
      const refused = await refreshFor(refreshToken, resources);
      expectError(refused, 400, 'invalid_target');
      expect(JSON.stringify(refused.body)).not.toContain('example.com');
      expect(await auditOf(app, refused)).toMatchObject([{ event: 'token.refused', reason: 'beyond_client' }]);
      expectError(await ask(client, { grant_type: 'client_credentials' }, resources), 400, 'invalid_target');
      await expectAlive(app, client, refreshToken);
    },
  );
});

describe('a refresh', () => {
  it('[250] a refresh for a resource outside the grant is an invalid_target, and consumes nothing', async () => {
    const refreshToken = await startFamilyFor([ORDERS, STOCK]);
    const refused = await refreshFor(refreshToken, [ORDERS, MAIL]);
    expectError(refused, 400, 'invalid_target');
    expect(await auditOf(app, refused)).toMatchObject([{ event: 'refresh.refused', reason: 'wrong_target' }]);
    await expectAlive(app, client, refreshToken);
  });

  it('[250] a retry is limited to the granted resources as well, and its successor stays valid', async () => {
    const refreshToken = await startFamilyFor([ORDERS, STOCK]);
    const { body } = await refreshFor(refreshToken, [ORDERS]);
    expectError(await refreshFor(refreshToken, [MAIL]), 400, 'invalid_target');
    const retried = await refreshFor(refreshToken, [STOCK]);
    expect(audienceOf(retried)).toBe(STOCK);
    expect(retried.body.refresh_token).toBe(body.refresh_token);
    await expectAlive(app, client, body.refresh_token);
  });

  it('[251] a refresh for a resource has that one as its audience, and the grant keeps all', async () => {
    let refreshToken = await startFamilyFor([ORDERS, STOCK]);
    for (const [resources, audience] of [
      [[STOCK], STOCK],
      [[ORDERS], ORDERS],
      [
        [STOCK, ORDERS],
        [STOCK, ORDERS],
      ],
      [[], [ORDERS, STOCK]],
    ] as const) {
      const answer = await refreshFor(refreshToken, resources);
      expect(audienceOf(answer)).toEqual(audience);
      refreshToken = answer.body.refresh_token;
    }
  });

  it('[251] without rotation, or with sticky scope narrowing, a refresh for a resource keeps all resources too', async () => {
    for (const policy of [{ rotation: 'never' }, { scopeNarrowing: 'sticky' }] as const) {
      const owner = await confidentialClient(app, { audience: [ORDERS, STOCK, MAIL], ...policy });
      const refreshToken = await startFamilyFor([ORDERS, STOCK], owner);
      const narrow = await refreshFor(refreshToken, [STOCK], owner);
      expect(audienceOf(narrow)).toBe(STOCK);
      expectError(await refreshFor(narrow.body.refresh_token, [MAIL], owner), 400, 'invalid_target');
      expect(audienceOf(await refreshFor(narrow.body.refresh_token, [], owner))).toEqual([ORDERS, STOCK]);
    }
  });

  it('[252] a refresh without a resource is for the whole grant, or else the client’s audience, or else this service', async () => {
    expect(audienceOf(await refreshFor(await startFamilyFor([STOCK])))).toBe(STOCK);
    expect(audienceOf(await refreshFor((await startFamily(app, client)).refreshToken))).toEqual([ORDERS, STOCK, MAIL]);
    const plain = await confidentialClient(app);
    const { refreshToken } = await startFamily(app, plain);
    expect(audienceOf(await refreshFor(refreshToken, [], plain))).toBe(app.issuer);
  });

  it('[250] a resource that the client has lost is excluded, and a refresh without any left is an invalid_target', async () => {
    const owner = await confidentialClient(app, { audience: [ORDERS, STOCK, MAIL] });
    const first = await refreshFor(await startFamilyFor([ORDERS, STOCK], owner), [], owner);
    expect(audienceOf(first)).toEqual([ORDERS, STOCK]);
    await changeClient(app, owner, { audience: [STOCK, MAIL] });
    const second = await refreshFor(first.body.refresh_token, [], owner);
    expect(audienceOf(second)).toBe(STOCK);
    expectError(await refreshFor(second.body.refresh_token, [ORDERS], owner), 400, 'invalid_target');
    await changeClient(app, owner, { audience: [MAIL] });
    expectError(await refreshFor(second.body.refresh_token, [], owner), 400, 'invalid_target');
    expectError(await refreshFor(second.body.refresh_token, [MAIL], owner), 400, 'invalid_target');
    await changeClient(app, owner, { audience: [ORDERS] });
    expect(audienceOf(await refreshFor(second.body.refresh_token, [], owner))).toBe(ORDERS);
  });

  it('concurrent refreshes of one token for different resources share one successor, and each has its own audience', async () => {
    const refreshToken = await startFamilyFor([ORDERS, STOCK]);
    const asked = [[ORDERS], [STOCK], [], [ORDERS, STOCK], [MAIL], [ORDERS], [MAIL], [STOCK]];
    const answers = await Promise.all(asked.map((resources) => refreshFor(refreshToken, resources)));
    const [refused, granted] = [
      answers.filter(({ status }) => status !== 200),
      answers.filter(({ status }) => status === 200),
    ];
    expect(refused.map(({ body }) => body.error)).toEqual(['invalid_target', 'invalid_target']);
    expect(granted.map(audienceOf)).toEqual([ORDERS, STOCK, [ORDERS, STOCK], [ORDERS, STOCK], ORDERS, STOCK]);
    const successors = new Set(granted.map(({ body }) => body.refresh_token as string));
    expect(successors.size).toBe(1);
    await expectAlive(app, client, [...successors][0]!);
  });
});

describe('the access token for a resource', () => {
  it('[251] an access token for a resource has only that audience, in both formats', async () => {
    const [orders, stock] = [await resourceServer(app, ORDERS), await resourceServer(app, STOCK)];
    for (const accessTokenFormat of ['jwt', 'opaque'] as const) {
      const owner = await confidentialClient(app, { audience: [ORDERS, STOCK], accessTokenFormat });
      const { refreshToken } = await startFamily(app, owner);
      const { body } = await refreshFor(refreshToken, [STOCK], owner);
      expect((await introspect(app, stock, body.access_token)).body).toMatchObject({ active: true, aud: STOCK });
      expect((await introspect(app, orders, body.access_token)).body).toEqual({ active: false });
    }
  });

  it('[251] a client that acts for itself can request a resource too', async () => {
    const answer = await ask(client, { grant_type: 'client_credentials' }, [ORDERS, MAIL]);
    expect(audienceOf(answer)).toEqual([ORDERS, MAIL]);
    expect(audienceOf(await ask(client, { grant_type: 'client_credentials' }))).toEqual([ORDERS, STOCK, MAIL]);
  });
});
