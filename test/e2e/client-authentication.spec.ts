/** Client authentication. `failed-authentications.spec.ts` has the limits of failed attempts. */
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import pg from 'pg';
import { hints } from '../../src/platform/http/hints.js';
import { ClientsService } from '../../src/clients/clients.service.js';
import { generateSecret } from '../../src/clients/client-secret.js';
import { ClientRepository } from '../../src/clients/client.repository.js';
import { grantTypes } from '../../src/oauth/grant-type.js';
import { Canaries } from '../support/canaries.js';
import {
  changeClient,
  confidentialClient,
  publicClient,
  resourceServer,
  startFamily,
  type TestClient,
} from '../support/clients.js';
import { dumpDatabase } from '../support/database-dump.js';
import { expectAlive, expectError, serverErrors } from '../support/expectations.js';
import { exchange, FORM } from '../support/raw-http.js';
import { basic, credentialsOf, postForm, refresh, send, type Answer, postAs } from '../support/requests.js';
import { Authorization, authorize, aUser, webClient } from '../support/sign-in.js';
import { startApp, type TestApp } from '../support/test-app.js';
import { decodeJwt } from 'jose';

let app: TestApp;
let client: TestClient;
let poster: TestClient;

beforeAll(async () => {
  // The failures of these tests must not trigger the limit.
  app = await startApp({
    environment: { REKEY_FAILED_AUTHENTICATIONS_PER_MINUTE: '100000' },
    background: false,
  });
  client = await confidentialClient(app);
  poster = await confidentialClient(app, { tokenEndpointAuthMethod: 'client_secret_post' });
});
afterAll(() => app.close());
afterEach(() => expect(serverErrors(app)).toEqual([]));

const raw = (credentials: string): Record<string, string> => ({
  authorization: `Basic ${Buffer.from(credentials).toString('base64')}`,
});

/** A client_credentials request, to see whether a client authenticates. */
const knock = (headers: Record<string, string>, fields: Record<string, string> = {}): Promise<Answer> =>
  postForm(`${app.url}/token`, { grant_type: 'client_credentials', ...fields }, headers);

describe('client_secret_basic', () => {
  it('[34] a client with a secret refreshes with client_secret_basic', async () => {
    const { refreshToken } = await startFamily(app, client);
    const body = { grant_type: 'refresh_token', refresh_token: refreshToken };
    expect((await postForm(`${app.url}/token`, body, basic(client))).status).toBe(200);
  });

  it('[36] id and secret are form-encoded inside the Basic header', async () => {
    const clientId = '1PpG/Q 1';
    await confidentialClient(app, {}, { clientId, secret: 'z/tZ9VwFZqApmIQ+ZH1I5pLk/uB4ud:X2/8bL+wfFTt1rFw=' });
    const authorization =
      'Basic MVBwRyUyRlErMTp6JTJGdFo5VndGWnFBcG1JUSUyQlpIMUk1cExrJTJGdUI0dWQlM0FYMiUyRjhiTCUyQndmRlR0MXJGdyUzRA==';
    expect((await knock({ authorization })).status).toBe(200);
  });

  describe('a secret with characters that an encoding changes', () => {
    it.each([
      ['[37] x+y, encoded', 'x+y', 'x%2By', 200],
      ['[37] x+y as it is: a plus is a space', 'x+y', 'x+y', 401],
      ['[37] a space, as a plus', 'x y', 'x+y', 200],
      ['[37] a space, as %20', 'x y', 'x%20y', 200],
      ['[38] a colon, encoded', 'se:cret', 'se%3Acret', 200],
      ['[38] a colon as it is: only the first one divides', 'se:cret', 'se:cret', 200],
      ['[38] the part before the second colon', 'se:cret', 'se', 401],
      ['[38] colons at both ends', ':se::cret:', ':se::cret:', 200],
      ['[38] an encoded %3A in the secret itself', 'se%3Acret', 'se%253Acret', 200],
      ['[39] a percent sign, encoded', '50%off', '50%25off', 200],
      ['[39] a percent sign as it is: no valid encoding', '50%off', '50%off', 401],
      ['[39] letters beyond ASCII', 'geheim-ü-€', encodeURIComponent('geheim-ü-€'), 200],
      ['[39] letters beyond ASCII, raw UTF-8', 'geheim-ü-€', 'geheim-ü-€', 200],
    ])('%s', async (_, secret, sent, status) => {
      const { clientId } = await confidentialClient(app, {}, { secret });
      expect((await knock(raw(`${clientId}:${sent}`))).status).toBe(status);
    });
  });

  it.each(['bAsIc', 'BASIC', 'basic'])('[40] the scheme Basic is matched case-insensitively: %s', async (scheme) => {
    const authorization = basic(client).authorization!.replace('Basic', scheme);
    expect((await knock({ authorization })).status).toBe(200);
  });

  it('[41] a wrong secret answers 401 with a Basic challenge', async () => {
    const answer = await knock(basic({ ...client, secret: generateSecret() }));
    expectError(answer, 401, 'invalid_client');
    expect(answer.headers.get('www-authenticate')).toMatch(/^Basic realm="[^"]+"/);
  });
});

describe('client_secret_post', () => {
  it('[35] a client registered for client_secret_post refreshes with it', async () => {
    const { refreshToken } = await startFamily(app, poster);
    const body = {
      grant_type: 'refresh_token',
      refresh_token: refreshToken,
      client_id: poster.clientId,
      client_secret: poster.secret!,
    };
    expect((await postForm(`${app.url}/token`, body)).status).toBe(200);
  });

  it('[42] a wrong secret in the body answers 401 with a challenge, too', async () => {
    const answer = await knock({}, { client_id: poster.clientId, client_secret: generateSecret() });
    expectError(answer, 401, 'invalid_client');
    expect(answer.headers.get('www-authenticate')).toMatch(/^Basic /);
  });
});

describe('a client with a secret', () => {
  it('a confidential client may send its secret by Basic or in the body, whichever of the two it registered', async () => {
    for (const one of [client, poster]) {
      expect((await knock(basic(one))).status).toBe(200);
      expect((await knock({}, { client_id: one.clientId, client_secret: one.secret! })).status).toBe(200);
    }
  });

  it('a confidential client may not send its secret by Basic and in the body at once', async () => {
    const fields = { client_id: client.clientId, client_secret: client.secret! };
    expectError(await knock(basic(client), fields), 400, 'invalid_request');
  });
});

describe('an unknown client and a wrong secret', () => {
  /** Everything by which an attacker could distinguish responses. */
  const visible = ({ status, headers, text }: Answer) => ({
    status,
    text,
    headers: [...headers].filter(([name]) => name !== 'date' && name !== 'x-correlation-id'),
  });

  const attempts = (clientId: string, secret: string): [string, () => Promise<Answer>][] => [
    ['Basic', () => knock(basic({ clientId, secret }))],
    ['post', () => knock({}, { client_id: clientId, client_secret: secret })],
    ['name alone', () => knock({}, { client_id: clientId })],
  ];

  it('[43] an unknown client and a wrong secret get the same response, byte for byte', async () => {
    const answers: unknown[] = [];
    for (const clientId of [
      client.clientId,
      poster.clientId,
      'nobody',
      generateSecret(),
      '019a0000-0000-7000-8000-000000000000',
    ]) {
      for (const [, attempt] of attempts(clientId, generateSecret())) answers.push(visible(await attempt()));
    }
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect(answers[0]).toMatchObject({ status: 401 });
  });

  it('[43] an unknown client and a wrong secret cause the same work: statements, lookups and comparisons', async () => {
    const statements = jest.spyOn(pg.Client.prototype, 'query');
    const lookups = jest.spyOn(app.nest.get(ClientRepository, { strict: false }), 'findMany');
    // The digest of a secret begins with its bytes.
    const digests = jest.spyOn(Buffer, 'from');
    try {
      const work = [];
      for (const clientId of [client.clientId, poster.clientId, 'nobody']) {
        // Once with an uncached client, and once with a cached one.
        for (const ageMs of [2000, 0]) {
          app.clock.advance(ageMs);
          const secret = generateSecret();
          for (const [method, attempt] of attempts(clientId, secret)) {
            statements.mockClear();
            lookups.mockClear();
            digests.mockClear();
            await attempt();
            work.push({
              method,
              lookups: lookups.mock.calls.length,
              comparisons: digests.mock.calls.filter(([data]) => (data as unknown) === secret).length,
              // Scopes are read once a second, whoever asks.
              statements: statements.mock.calls
                .map(([query]) => textOf(query))
                .filter((text) => !/FROM "scopes"/.test(text)),
            });
          }
        }
      }
      for (const method of ['Basic', 'post', 'name alone']) {
        const ofMethod = work.filter((one) => one.method === method);
        expect(ofMethod).toHaveLength(6);
        expect(ofMethod[0]!.lookups).toBe(1);
        expect(ofMethod[0]!.statements.length).toBeGreaterThan(1);
        expect(ofMethod[0]!.comparisons > 0).toBe(method !== 'name alone');
        for (const one of ofMethod) expect(one).toEqual(ofMethod[0]);
      }
    } finally {
      jest.restoreAllMocks();
    }
  });

  const textOf = (query: unknown): string =>
    typeof query === 'string' ? query : String((query as { text?: unknown }).text);

  it('[63] an unknown client and a wrong secret get the same response whatever else the request contains', async () => {
    const { refreshToken } = await startFamily(app, client);
    const wrong = basic({ ...client, secret: generateSecret() });
    const answers = [];
    for (const fields of [
      { grant_type: 'refresh_token', refresh_token: refreshToken },
      { grant_type: 'refresh_token', refresh_token: 'rt_unknown' },
      { grant_type: 'refresh_token' },
      { grant_type: 'foo' },
      { grant_type: 'refresh_token', refresh_token: refreshToken, scope: 'z "' },
      { grant_type: 'refresh_token', refresh_token: refreshToken, client_id: 'someone-else' },
    ] as Record<string, string>[]) {
      answers.push(visible(await postForm(`${app.url}/token`, fields, wrong)));
    }
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    await expectAlive(app, client, refreshToken);
  });

  it('[64] a failed authentication does not consume the refresh token', async () => {
    const { refreshToken } = await startFamily(app, client);
    expectError(await refresh(app, { ...client, secret: generateSecret() }, refreshToken), 401, 'invalid_client');
    app.clock.advanceSeconds(61);
    expectError(await refresh(app, { ...client, secret: generateSecret() }, refreshToken), 401, 'invalid_client');
    await expectAlive(app, client, refreshToken);
  });

  it('[78] a failed authentication is audited with its correlation id and a known client, but never with an unknown id', async () => {
    for (const [clientId, expected] of [
      [client.clientId, { event: 'client.authentication_failed', reason: 'wrong_secret', client_id: client.clientId }],
      [
        'my-secret-in-the-wrong-place',
        { event: 'client.authentication_failed', reason: 'unknown_client', client_id: null },
      ],
    ] as const) {
      const answer = await knock(basic({ clientId, secret: generateSecret() }));
      const rows = await app.database.query(
        'SELECT event, reason, client_id FROM audit_events WHERE correlation_id = $1',
        [answer.headers.get('x-correlation-id')],
      );
      expect(rows).toEqual([expected]);
    }
    expect(app.logs.filter((line) => line.includes('my-secret-in-the-wrong-place'))).toEqual([]);
  });
});

describe('failed client authentication', () => {
  it('[44] a request without credentials is refused', async () => {
    const { refreshToken } = await startFamily(app, client);
    const body = { grant_type: 'refresh_token', refresh_token: refreshToken };
    expectError(await postForm(`${app.url}/token`, body), 401, 'invalid_client');
    await expectAlive(app, client, refreshToken);
  });

  it('[45] a confidential client cannot authenticate with its client_id alone', async () => {
    const { refreshToken } = await startFamily(app, client);
    const body = { grant_type: 'refresh_token', refresh_token: refreshToken, client_id: client.clientId };
    expectError(await postForm(`${app.url}/token`, body), 401, 'invalid_client');
    await expectAlive(app, client, refreshToken);
  });

  it('[46] an empty secret is refused', async () => {
    expectError(await knock(raw(`${client.clientId}:`)), 401, 'invalid_client');
    expectError(await knock(raw(client.clientId)), 401, 'invalid_client');
    expectError(await knock({}, { client_id: poster.clientId, client_secret: '' }), 401, 'invalid_client');
    expectError(await knock({}, { client_id: client.clientId, client_secret: '' }), 401, 'invalid_client');
  });

  it('[46] an empty secret is refused even if none is stored', async () => {
    const bare = await confidentialClient(app);
    await app.database.query('DELETE FROM client_secrets WHERE client_id = $1', [bare.clientId]);
    expectError(await knock(raw(`${bare.clientId}:`)), 401, 'invalid_client');
    expectError(await knock(raw(`${bare.clientId}:null`)), 401, 'invalid_client');
    expectError(await knock(basic(bare)), 401, 'invalid_client');
  });

  it.each(['client_secret_basic', 'client_secret_post'] as const)(
    '[51] a strict client with the right secret is refused with another method than %s, and the answer names the method',
    async (tokenEndpointAuthMethod) => {
      const strict = await confidentialClient(app, { tokenEndpointAuthMethod, strict: true });
      const byBasic = await knock(basic(strict));
      const inBody = await knock({}, { client_id: strict.clientId, client_secret: strict.secret! });
      const [right, other] = tokenEndpointAuthMethod === 'client_secret_basic' ? [byBasic, inBody] : [inBody, byBasic];
      expect(right.status).toBe(200);
      expect(other.status).toBe(401);
      expect(other.body).toEqual({
        error: 'invalid_client',
        error_description: `This client must authenticate by ${tokenEndpointAuthMethod}, as it is registered.`,
      });
    },
  );

  it.each(['client_secret', 'client_assertion'])(
    'a request with %s in the URL is refused and told where it belongs, even if another secret is right',
    async (name) => {
      const answer = await postForm(`${app.url}/token?${name}=x`, { grant_type: 'client_credentials' }, basic(client));
      expectError(answer, 400, 'invalid_request');
      expect(answer.body.error_description).toContain('RFC 6749 section 2.3.1');
    },
  );

  it('a tolerated deviation is named in the header Rekey-Hint and in the access log, and nothing else is', async () => {
    const hintOf = async (url: string, headers: Record<string, string>, fields: Record<string, string> = {}) => {
      const answer = await postForm(url, { grant_type: 'client_credentials', ...fields }, headers);
      expect(answer.status).toBe(200);
      const line = app.logs.find((one) => one.includes(answer.headers.get('x-correlation-id')!));
      return [answer.headers.get('rekey-hint'), JSON.parse(line ?? '{}').hint];
    };
    const { clientId, secret } = client;
    expect(await hintOf(`${app.url}/token`, basic(client))).toEqual([null, undefined]);
    const inBody = { client_id: clientId, client_secret: secret! };
    expect(await hintOf(`${app.url}/token`, {}, inBody)).toEqual([hints.other_auth_method, 'other_auth_method']);
    const inUrl = `${app.url}/token?scope=a`;
    expect(await hintOf(inUrl, basic(client))).toEqual([hints.query_not_read, 'query_not_read']);
  });

  it('[51] a strict client with a wrong secret gets an answer that does not name its method', async () => {
    const strict = await confidentialClient(app, { strict: true });
    const wrong = await knock({}, { client_id: strict.clientId, client_secret: generateSecret() });
    const unknown = await knock({}, { client_id: 'nobody', client_secret: generateSecret() });
    expect([wrong.status, wrong.text]).toEqual([unknown.status, unknown.text]);
  });

  it('[54] a disabled client is refused with the right secret, on every endpoint', async () => {
    const disabled = await confidentialClient(app);
    const { refreshToken } = await startFamily(app, disabled);
    expect((await knock(basic(disabled))).status).toBe(200);
    await changeClient(app, disabled, { disabled: true });
    expectError(await knock(basic(disabled)), 401, 'invalid_client');
    expectError(await refresh(app, disabled, refreshToken), 401, 'invalid_client');
    for (const path of ['revoke', 'introspect']) {
      expectError(
        await postForm(`${app.url}/${path}`, { token: refreshToken }, basic(disabled)),
        401,
        'invalid_client',
      );
    }
    await changeClient(app, disabled, { disabled: false });
    await expectAlive(app, disabled, refreshToken);
  });

  it('[54] a disabled public client is refused', async () => {
    const disabled = await publicClient(app);
    const { refreshToken } = await startFamily(app, disabled);
    await changeClient(app, disabled, { disabled: true });
    expectError(await refresh(app, disabled, refreshToken), 401, 'invalid_client');
  });

  it('[56] the first 72 bytes of a secret of 100 are refused', async () => {
    const secret = generateSecret().repeat(3).slice(0, 100);
    const { clientId } = await confidentialClient(app, {}, { secret });
    expect((await knock(basic({ clientId, secret }))).status).toBe(200);
    expectError(await knock(basic({ clientId, secret: secret.slice(0, 72) })), 401, 'invalid_client');
    expectError(await knock(basic({ clientId, secret: secret.slice(0, 99) })), 401, 'invalid_client');
    expectError(await knock(basic({ clientId, secret: `${secret}x` })), 401, 'invalid_client');
  });

  it('[46] the stored digest of a secret is refused as a secret', async () => {
    const [{ digest }] = await app.database.query<[{ digest: Buffer }]>(
      'SELECT digest FROM client_secrets WHERE client_id = $1',
      [client.clientId],
    );
    for (const secret of [
      digest.toString('hex'),
      digest.toString('base64'),
      digest.toString('base64url'),
      digest.toString('latin1'),
    ]) {
      expectError(await knock(basic({ ...client, secret })), 401, 'invalid_client');
    }
  });
});

describe('two authentication methods in one request', () => {
  it('[47] Basic together with a secret in the body is invalid_request', async () => {
    for (const one of [client, poster]) {
      expectError(await knock(basic(one), { client_secret: one.secret! }), 400, 'invalid_request');
      expectError(
        await knock(basic(one), { client_id: one.clientId, client_secret: one.secret! }),
        400,
        'invalid_request',
      );
    }
  });

  it.each(['client_assertion', 'client_assertion_type'])(
    '[48] Basic together with a %s is invalid_request',
    async (name) => {
      expectError(await knock(basic(client), { [name]: 'x' }), 400, 'invalid_request');
    },
  );

  it('[48] a secret in the body together with a client_assertion is invalid_request', async () => {
    const fields = { client_id: poster.clientId, client_secret: poster.secret!, client_assertion: 'x' };
    expectError(await knock({}, fields), 400, 'invalid_request');
  });

  it('[48] a client_assertion alone is refused, because no client is registered for it', async () => {
    expectError(await knock({}, { client_id: client.clientId, client_assertion: 'x' }), 401, 'invalid_client');
  });

  it('[47] a Bearer token together with a secret in the body is invalid_request', async () => {
    const fields = { client_id: poster.clientId, client_secret: poster.secret! };
    expectError(await knock({ authorization: 'Bearer x' }, fields), 400, 'invalid_request');
  });

  it('[10][47] Basic together with an empty secret in the body is accepted', async () => {
    expect((await knock(basic(client), { client_secret: '', client_assertion: '' })).status).toBe(200);
  });

  it('[49] Basic together with the same client_id in the body is accepted', async () => {
    expect((await knock(basic(client), { client_id: client.clientId })).status).toBe(200);
  });

  it('[50] Basic together with another client_id in the body is invalid_request', async () => {
    expectError(await knock(basic(client), { client_id: poster.clientId }), 400, 'invalid_request');
    expectError(await knock(basic(client), { client_id: 'nobody' }), 400, 'invalid_request');
    const { refreshToken } = await startFamily(app, poster);
    const fields = { grant_type: 'refresh_token', refresh_token: refreshToken, client_id: poster.clientId };
    expectError(await postForm(`${app.url}/token`, fields, basic(client)), 400, 'invalid_request');
    await expectAlive(app, poster, refreshToken);
  });
});

describe('a public client', () => {
  it('[52] a public client authenticates with its client_id, and not without it', async () => {
    const named = await publicClient(app);
    const { refreshToken } = await startFamily(app, named);
    const body = { grant_type: 'refresh_token', refresh_token: refreshToken };
    expectError(await postForm(`${app.url}/token`, body), 401, 'invalid_client');
    expectError(await postForm(`${app.url}/token`, { ...body, client_id: '' }), 401, 'invalid_client');
    await expectAlive(app, named, refreshToken);
  });

  it('[52][10] a public client may send an empty secret', async () => {
    const named = await publicClient(app);
    const { refreshToken } = await startFamily(app, named);
    expect((await refresh(app, named, refreshToken, { client_secret: '' })).status).toBe(200);
  });

  it('[53] a public client with a secret is refused', async () => {
    const named = await publicClient(app);
    const { refreshToken } = await startFamily(app, named);
    const body = { grant_type: 'refresh_token', refresh_token: refreshToken };
    expectError(await postForm(`${app.url}/token`, body, raw(`${named.clientId}:x`)), 401, 'invalid_client');
    const withSecret = { ...body, client_id: named.clientId, client_secret: 'x' };
    expectError(await postForm(`${app.url}/token`, withSecret), 401, 'invalid_client');
    await expectAlive(app, named, refreshToken);
  });
});

/** CVE-2026-53512: one grant checked the secret, and another did not. */
describe.each(grantTypes)('the grant %s', (grantType) => {
  const methods = ['client_secret_basic', 'client_secret_post'] as const;

  async function codeFor(owner: TestClient): Promise<Record<string, string>> {
    const authorization = new Authorization(owner, { scope: 'a' });
    const answer = await authorize(app, await aUser(app), authorization);
    return { grant_type: grantType, ...authorization.redemptionOf(answer.get('code')!) };
  }

  async function fieldsFor(owner: TestClient): Promise<Record<string, string>> {
    if (grantType === 'client_credentials') return { grant_type: grantType };
    if (grantType === 'authorization_code') return codeFor(owner);
    return { grant_type: grantType, refresh_token: (await startFamily(app, owner)).refreshToken };
  }

  const everyGrant = { grantTypes: [...grantTypes], scopes: ['a', 'b', 'c'] };
  const wrongSecrets: [string, (owner: TestClient) => string | undefined][] = [
    ['no secret', () => undefined],
    ['an empty secret is refused', () => ''],
    ['a wrong secret', generateSecret],
    ['a part of the secret', ({ secret }) => secret!.slice(0, -1)],
    ['the secret in another case', ({ secret }) => secret!.toUpperCase()],
    ["another client's secret", ({ clientId }) => (clientId === client.clientId ? poster : client).secret],
    ['its own name as the secret', ({ clientId }) => clientId],
  ];

  it.each(methods.flatMap((method) => wrongSecrets.map(([what, secretOf]) => ({ method, what, secretOf }))))(
    '[45][46] the grant refuses a confidential client of $method with $what',
    async ({ method, secretOf }) => {
      const owner = await webClient(app, { ...everyGrant, tokenEndpointAuthMethod: method });
      const fields = await fieldsFor(owner);
      const secret = secretOf(owner);
      const { headers, fields: credentials } = credentialsOf({ ...owner, secret });
      if (secret === undefined) {
        expectError(
          await postForm(`${app.url}/token`, { ...fields, client_id: owner.clientId }),
          401,
          'invalid_client',
        );
        expectError(await postForm(`${app.url}/token`, fields), 401, 'invalid_client');
      } else {
        expectError(await postForm(`${app.url}/token`, { ...fields, ...credentials }, headers), 401, 'invalid_client');
      }
      const right = credentialsOf(owner);
      expect((await postForm(`${app.url}/token`, { ...fields, ...right.fields }, right.headers)).status).toBe(200);
    },
  );

  it('[210] the metadata lists exactly the supported methods', async () => {
    const { body } = await send(`${app.url}/.well-known/oauth-authorization-server`);
    expect(body.grant_types_supported).toContain(grantType);
    expect(body.grant_types_supported).toHaveLength(grantTypes.length);
  });
});

describe('an Authorization header', () => {
  const post = (...headers: (readonly [string, string])[]): Promise<Answer> =>
    exchange(app.url, { path: '/token', headers: [FORM, ...headers], body: 'grant_type=client_credentials' });

  const base64 = (bytes: string | Buffer): string => Buffer.from(bytes as string).toString('base64');

  it.each([
    'Basic',
    'Basic ',
    'Basic ***',
    'Basic Og==',
    'Basic YQ==',
    'Basic =',
    `Basic ${base64('a:')}`,
    `Basic ${base64(':a')}`,
    `Basic ${base64(Buffer.from([0xff, 0x3a, 0xfe]))}`,
    `Basic ${base64('%zz:x')}`,
    `Basic ${base64('x:%ff')}`,
    `Basic ${base64('a\0:b')}`,
    `Basic ${base64('%00:%00')}`,
    'Basic YTpi YTpi',
    'Basic realm="x"',
    'Basic,YTpi',
    'BasicYTpi',
    'NotBasic YTpi',
    'Bearer x',
    'Bearer',
    'Digest username="a"',
    'basic',
    ',',
    '=',
    '\xff\xfe',
  ])('[55] a malformed Authorization header is refused: %j', async (value) => {
    expectError(await post(['Authorization', value]), 401, 'invalid_client');
  });

  it('[55] an empty Authorization header is refused', async () => {
    expectError(await post(['Authorization', '']), 401, 'invalid_client');
  });

  it('[55] two Authorization headers are invalid_request, whatever they contain', async () => {
    const { authorization } = basic(client);
    for (const second of [authorization!, 'Basic YTpi', 'Bearer x', '']) {
      expectError(await post(['Authorization', authorization!], ['AUTHORIZATION', second]), 400, 'invalid_request');
      expectError(await post(['authorization', second], ['Authorization', authorization!]), 400, 'invalid_request');
    }
  });

  it('[55] an Authorization header of 20 KiB is too large', async () => {
    expectError(await post(['Authorization', `Basic ${'a'.repeat(20 * 1024)}`]), 431, 'invalid_request');
  });

  it('[55] an Authorization header of 12 KiB is refused', async () => {
    const answer = await post(['Authorization', `Basic ${base64(`a:${'b'.repeat(9000)}`)}`]);
    expectError(answer, 401, 'invalid_client');
  });

  it('[55] an Authorization header of arbitrary bytes answers 400 or 401, and never a 5xx', async () => {
    // All bytes that a header may contain: visible characters, spaces, tabs and bytes above ASCII.
    const anything = fc.string({
      unit: fc
        .integer({ min: 0x20, max: 0xff })
        .filter((c) => c !== 0x7f)
        .map((c) => String.fromCharCode(c)),
      maxLength: 60,
    });
    const bytes = fc.uint8Array({ maxLength: 40 }).map((array) => base64(Buffer.from(array)));
    const credentials = fc
      .tuple(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' }))
      .map(([id, secret]) => base64(`${id}:${secret}`));
    const header = fc.oneof(
      anything,
      fc
        .tuple(fc.constantFrom('Basic', 'basic', 'Bearer', 'Basic ', 'Basic,'), fc.oneof(anything, bytes, credentials))
        .map(([scheme, rest]) => `${scheme} ${rest}`),
    );
    await fc.assert(
      fc.asyncProperty(header, async (value) => {
        const answer = await post(['Authorization', value]);
        expectError(
          answer,
          answer.status === 400 ? 400 : 401,
          answer.status === 400 ? 'invalid_request' : 'invalid_client',
        );
      }),
      { numRuns: 120, interruptAfterTimeLimit: 15_000 },
    );
  }, 30_000);
});

describe('the secrets of a client', () => {
  const admin = { actor: 'test' };

  it('[57] secrets are stored as digests only', async () => {
    const canaries = new Canaries();
    for (const one of [client, poster]) {
      await postForm(
        `${app.url}/token`,
        { grant_type: 'client_credentials', ...credentialsOf(one).fields },
        credentialsOf(one).headers,
      );
      canaries.addCredentials(one.method, one.clientId, one.secret!);
    }
    const dump = await dumpDatabase(app.database);
    expect(dump).toContain(client.clientId);
    expect(canaries.leaksIn(dump)).toEqual([]);
  });

  it('[58] secrets overlap, and expire when they should', async () => {
    const clients = app.nest.get(ClientsService, { strict: false });
    const owner = await confidentialClient(app);
    expect((await knock(basic(owner))).status).toBe(200);
    const othersExpireAt = new Date(app.clock.now() + 60_000);
    const added = await clients.addSecret(owner.clientId, admin, { othersExpireAt });
    const renewed = { ...owner, secret: added!.secret };
    expect((await knock(basic(owner))).status).toBe(200);
    expect((await knock(basic(renewed))).status).toBe(200);
    app.clock.advanceSeconds(60);
    expectError(await knock(basic(owner)), 401, 'invalid_client');
    expect((await knock(basic(renewed))).status).toBe(200);
    await clients.deleteSecret(owner.clientId, added!.secretId, admin);
    expectError(await knock(basic(renewed)), 401, 'invalid_client');
  });

  it('[58] a secret added on another replica works at once, and one deleted there ends within a second', async () => {
    const owner = await confidentialClient(app);
    const secret = generateSecret();
    const known = await confidentialClient(app, {}, { secret });
    expect((await knock(basic(owner))).status).toBe(200);
    // Another replica: the same database, without notice to this process.
    await app.database.query('UPDATE client_secrets SET client_id = $1 WHERE client_id = $2', [
      owner.clientId,
      known.clientId,
    ]);
    expect((await knock(basic({ ...owner, secret }))).status).toBe(200);
    await app.database.query('DELETE FROM client_secrets WHERE client_id = $1', [owner.clientId]);
    app.clock.advanceSeconds(1);
    expectError(await knock(basic({ ...owner, secret })), 401, 'invalid_client');
    expectError(await knock(basic(owner)), 401, 'invalid_client');
  });

  it('[58] a secret works at once, even on a replica whose clock is behind', async () => {
    const owner = await confidentialClient(app);
    app.clock.advanceSeconds(-120);
    expect((await knock(basic(owner))).status).toBe(200);
    app.clock.advanceSeconds(120);
  });

  it('[62] secrets are 256 random bits, URL-safe', () => {
    const secrets = Array.from({ length: 1000 }, generateSecret);
    expect(secrets.filter((secret) => !/^[A-Za-z0-9_-]{43,}$/.test(secret))).toEqual([]);
    expect(new Set(secrets).size).toBe(secrets.length);
    expect(client.secret).toMatch(/^[A-Za-z0-9_-]{43,}$/);
  });
});

it('[52] a resource server authenticates like every confidential client', async () => {
  const server = await resourceServer(app, 'https://api.test');
  expect((await postForm(`${app.url}/introspect`, { token: 'x' }, basic(server))).text).toBe('{"active":false}');
  expectError(
    await postForm(`${app.url}/introspect`, { token: 'x' }, basic({ ...server, secret: 'x' })),
    401,
    'invalid_client',
  );
});

it('[298] a line break in a client_id does not start a new log line', async () => {
  const before = app.logs.length;
  expectError(
    await knock({}, { client_id: 'a\r\n{"level":"info","msg":"FAKE"}', client_secret: 'x' }),
    401,
    'invalid_client',
  );
  const lines = app.logs.slice(before);
  expect(lines.length).toBeGreaterThan(0);
  for (const line of lines) expect(line.trimEnd().split(/\r?\n/)).toHaveLength(1);
  expect(lines.filter((line) => (JSON.parse(line) as { msg?: string }).msg === 'FAKE')).toEqual([]);
});

it('[145] each of many concurrent requests is answered for its own client, and only the one with a wrong secret fails', async () => {
  const clients = await Promise.all(Array.from({ length: 20 }, () => confidentialClient(app)));
  const wrong = { ...clients[0]!, secret: 'wrong' };
  for (let round = 0; round < 5; round++) {
    app.clock.advanceSeconds(2); // no client is cached any more, so all of them wait for the database together
    const asked = [...clients, wrong, ...clients].map((client) =>
      postAs(client, `${app.url}/token`, { grant_type: 'client_credentials' }),
    );
    const answers = await Promise.all(asked);
    const clientIds = answers.map(({ body }) =>
      body.access_token ? decodeJwt(body.access_token)['client_id'] : body.error,
    );
    const expected = clients.map(({ clientId }) => clientId);
    expect(clientIds).toEqual([...expected, 'invalid_client', ...expected]);
  }
});
