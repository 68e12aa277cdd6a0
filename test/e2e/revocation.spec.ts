/** Revocation by clients (RFC 7009): what takes effect at once and for good, and what a client cannot revoke. */
import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { decodeJwt } from 'jose';
import { v7 as uuidv7 } from 'uuid';
import { RevocationService } from '../../src/revocation/revocation.service.js';
import { auditOf } from '../support/audit-trail.js';
import { confidentialClient, publicClient, startFamily, type TestClient } from '../support/clients.js';
import { otherSignatureOf } from '../support/evil-tokens.js';
import { expectAlive, expectError, serverErrors } from '../support/expectations.js';
import { withLostStatements } from '../support/failing-statements.js';
import { expectNoneLive, expectUntouched, tokenOf } from '../support/family-state.js';
import { basic, postAs, postForm, refresh, revoke, send, type Answer } from '../support/requests.js';
import { expectActive, expectInactive, startSession, type TestSession } from '../support/sessions.js';
import { startApp, type TestApp } from '../support/test-app.js';

const DAY_SECONDS = 86_400;

let app: TestApp;
let client: TestClient;
let other: TestClient;
let session: TestSession;

beforeAll(async () => {
  app = await startApp({ background: false });
  [client, other] = [await confidentialClient(app), await confidentialClient(app)];
});
afterAll(() => app.close());
beforeEach(async () => {
  session = await startSession(app, client, { subject: `u-${uuidv7()}` });
});
afterEach(() => expect(serverErrors(app)).toEqual([]));

const endpoint = (): string => `${app.url}/revoke`;

/** Expects the response of every successful revocation. */
function expectDone(answer: Answer): void {
  expect({ status: answer.status, text: answer.text }).toEqual({ status: 200, text: '{}' });
}

async function revocationsOf(...values: string[]): Promise<number> {
  const [row] = await app.database.query<[{ count: number }]>(
    'SELECT count(*)::int AS count FROM revocations WHERE value = ANY ($1)',
    [values],
  );
  return row.count;
}

describe('the request', () => {
  it.each(['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE'])(
    '[146] a revocation request with %s revokes nothing',
    async (method) => {
      const answer = await send(`${endpoint()}?token=${session.refreshToken}`, { method, headers: basic(client) });
      expect({ status: answer.status, allow: answer.headers.get('allow') }).toEqual({ status: 405, allow: 'POST' });
      await expectAlive(app, client, session.refreshToken);
    },
  );

  it('[146] a revocation request in JSON is refused', async () => {
    const body = JSON.stringify({ token: session.refreshToken });
    const headers = { ...basic(client), 'content-type': 'application/json' };
    expectError(await send(endpoint(), { method: 'POST', headers, body }), 400, 'invalid_request');
    await expectAlive(app, client, session.refreshToken);
  });

  it.each(['', 'token=', 'token_type_hint=refresh_token'])(
    '[147] a revocation request without a token is invalid: "%s"',
    async (body) => {
      expectError(await postForm(endpoint(), body, basic(client)), 400, 'invalid_request');
    },
  );

  it('[162] a revocation request with two tokens is invalid, and revokes neither', async () => {
    const { refreshToken: second } = await startSession(app, client);
    const body = `token=${session.refreshToken}&token=${second}`;
    expectError(await postForm(endpoint(), body, basic(client)), 400, 'invalid_request');
    await expectAlive(app, client, session.refreshToken);
    await expectAlive(app, client, second);
  });

  it('[163] a token in the query is ignored', async () => {
    expectError(
      await postForm(`${endpoint()}?token=${session.refreshToken}`, '', basic(client)),
      400,
      'invalid_request',
    );
    await expectAlive(app, client, session.refreshToken);
  });

  it('[155] a wrong hint does not prevent the revocation of a refresh token', async () => {
    expectDone(await postAs(client, endpoint(), { token: session.refreshToken, token_type_hint: 'access_token' }));
    await expectNoneLive(app, client, session.familyId);
  });

  it('[155] a wrong hint does not prevent the revocation of an access token', async () => {
    expectDone(await postAs(client, endpoint(), { token: session.accessToken, token_type_hint: 'refresh_token' }));
    await expectInactive(app, client, session.accessToken);
  });

  it('[156] an unknown hint is ignored', async () => {
    expectDone(await postAs(client, endpoint(), { token: session.refreshToken, token_type_hint: 'foo' }));
    await expectNoneLive(app, client, session.familyId);
  });

  it('[170] a callback parameter is ignored: there is no JSONP', async () => {
    const answer = await postAs(client, `${endpoint()}?callback=x`, { token: session.refreshToken, callback: 'x' });
    expectDone(answer);
    expect(answer.headers.get('content-type') ?? '').not.toContain('script');
    await expectNoneLive(app, client, session.familyId);
  });
});

describe('the caller', () => {
  it('[158] revocation requires client authentication', async () => {
    const { refreshToken: token } = session;
    expectError(await postForm(endpoint(), { token }), 401, 'invalid_client');
    expectError(await postForm(endpoint(), { token, client_id: client.clientId }), 401, 'invalid_client');
    await expectAlive(app, client, token);
  });

  it('[159] revocation with a wrong secret is refused, and revokes nothing', async () => {
    const headers = basic({ clientId: client.clientId, secret: 'wrong' });
    expectError(await postForm(endpoint(), { token: session.refreshToken }, headers), 401, 'invalid_client');
    await expectAlive(app, client, session.refreshToken);
  });

  it('[160] a public client revokes with its client_id', async () => {
    const spa = await publicClient(app);
    const { refreshToken } = await startFamily(app, spa);
    expectDone(await postForm(endpoint(), { client_id: spa.clientId, token: refreshToken }));
    expectError(await refresh(app, spa, refreshToken), 400, 'invalid_grant');
  });

  it.each(['refreshToken', 'predecessor', 'accessToken'] as const)(
    '[161] a client cannot revoke the %s of another client: it gets an error, and the token stays valid',
    async (kind) => {
      const answer = await expectUntouched(app, session.familyId, () => revoke(app, other, session[kind]));
      expectError(answer, 400, 'invalid_grant');
      expect(await auditOf(app, answer)).toMatchObject([
        {
          event: 'revocation.refused',
          reason: 'client_mismatch',
          client_id: other.clientId,
          family_id: session.familyId,
        },
      ]);
      await expectActive(app, client, session.accessToken);
      await expectAlive(app, client, session.refreshToken);
    },
  );

  it('[161] a public client cannot revoke the token of another client', async () => {
    expectError(await revoke(app, await publicClient(app), session.refreshToken), 400, 'invalid_grant');
    await expectAlive(app, client, session.refreshToken);
  });
});

describe('a refresh token', () => {
  it('[148] a revoked refresh token is invalid, and so is the retry of its predecessor', async () => {
    expectDone(await revoke(app, client, session.refreshToken));
    expectError(await refresh(app, client, session.refreshToken), 400, 'invalid_grant');
    expectError(await refresh(app, client, session.predecessor), 400, 'invalid_grant');
    await expectNoneLive(app, client, session.familyId);
  });

  it('[150] revoking a refresh token revokes the access tokens of its family', async () => {
    const { body } = await refresh(app, client, session.refreshToken);
    await expectActive(app, client, session.accessToken, body.access_token);
    expectDone(await revoke(app, client, body.refresh_token));
    await expectInactive(app, client, session.accessToken, body.access_token);
  });

  it('[167] revoking a refresh token of any generation revokes its family, however old it is, and does not count as a reuse', async () => {
    const { body } = await refresh(app, client, session.refreshToken);
    app.clock.advanceSeconds(3600);
    const answer = await revoke(app, client, session.predecessor);
    expectDone(answer);
    expect(await auditOf(app, answer)).toMatchObject([
      { event: 'revocation.created', reason: 'refresh_token', client_id: client.clientId, family_id: session.familyId },
    ]);
    expectError(await refresh(app, client, body.refresh_token), 400, 'invalid_grant');
    await expectNoneLive(app, client, session.familyId);
  });

  it('[169] revoking a refresh token does not affect other families of the same user and client', async () => {
    const { subject } = session;
    const beside = await startSession(app, client, { subject });
    const elsewhere = await startSession(app, other, { subject });
    expectDone(await revoke(app, client, session.refreshToken));
    await expectActive(app, client, beside.accessToken);
    await expectActive(app, other, elsewhere.accessToken);
    await expectAlive(app, client, beside.refreshToken);
    await expectAlive(app, other, elsewhere.refreshToken);
  });

  it('a revocation works across clock differences: issued two minutes ahead, used again and revoked behind', async () => {
    app.clock.advanceSeconds(120);
    const ahead = await refresh(app, client, session.refreshToken);
    app.clock.advanceSeconds(-120);
    const behind = await refresh(app, client, ahead.body.refresh_token);
    expectDone(await revoke(app, client, behind.body.refresh_token));
    await expectInactive(app, client, ahead.body.access_token);
    await expectInactive(app, client, behind.body.access_token);
  });

  it('[168] an expired refresh token is revoked like any other', async () => {
    app.clock.advanceSeconds(31 * DAY_SECONDS);
    await expectInactive(app, client, session.refreshToken);
    expectDone(await revoke(app, client, session.refreshToken));
    await expectNoneLive(app, client, session.familyId);
  });

  it('[172] a retry within the grace period gets no tokens once its subject is revoked', async () => {
    const retry = await refresh(app, client, session.predecessor);
    expect(retry.body.refresh_token).toBe(session.refreshToken);
    const request = { kind: 'subject', value: session.subject, reason: 'test', actor: 'test' } as const;
    await app.nest.get(RevocationService, { strict: false }).revoke([request], { event: 'revocation.created' });
    expectError(await refresh(app, client, session.predecessor), 400, 'invalid_grant');
    await expectInactive(app, client, session.accessToken, retry.body.access_token);
    await expectNoneLive(app, client, session.familyId);
  });
});

describe('an access token', () => {
  it('[149] a revoked access token is invalid at once', async () => {
    await expectActive(app, client, session.accessToken);
    const answer = await revoke(app, client, session.accessToken);
    expectDone(answer);
    await expectInactive(app, client, session.accessToken);
    expect(await auditOf(app, answer)).toMatchObject([
      { event: 'revocation.created', reason: 'access_token', client_id: client.clientId, family_id: session.familyId },
    ]);
  });

  it('[149] a client_credentials access token is revoked at once, and its client gets another', async () => {
    const ask = () => postAs(client, `${app.url}/token`, { grant_type: 'client_credentials' });
    const [first, second] = [(await ask()).body.access_token, (await ask()).body.access_token];
    expectDone(await revoke(app, client, first));
    await expectInactive(app, client, first);
    await expectActive(app, client, second, (await ask()).body.access_token);
  });

  it('[151] revoking an access token does not affect its family: refreshes and later access tokens work', async () => {
    expectDone(await expectUntouched(app, session.familyId, () => revoke(app, client, session.accessToken)));
    const { status, body } = await refresh(app, client, session.refreshToken);
    expect(status).toBe(200);
    await expectActive(app, client, body.access_token);
    await expectInactive(app, client, session.accessToken);
  });

  it('[151] a revoked access token stays revoked when a retry returns it again', async () => {
    expectDone(await revoke(app, client, session.accessToken));
    const { body } = await refresh(app, client, session.predecessor);
    await expectInactive(app, client, body.access_token);
  });

  it('[149] revoking an access token revokes it under its other valid signature too, whichever of the two is presented', async () => {
    for (const present of [(token: string) => token, otherSignatureOf]) {
      const { accessToken } = await startSession(app, client);
      const [one, two] = [accessToken, otherSignatureOf(accessToken)];
      expect(two).not.toBe(one);
      await expectActive(app, client, one, two);
      expectDone(await revoke(app, client, present(accessToken)));
      await expectInactive(app, client, one, two);
      expect(await revocationsOf(decodeJwt(two).jti!)).toBe(1);
    }
  });

  it('[168] revoking an expired access token succeeds without effect', async () => {
    app.clock.advanceSeconds(601);
    expectDone(await revoke(app, client, session.accessToken));
    await expectAlive(app, client, session.refreshToken);
  });
});

describe('a token that is not ours', () => {
  const strangers: [name: string, token: () => string][] = [
    ['a word', () => 'unknown'],
    ['an emoji', () => '🪙'],
    ['as long as the request may be', () => 'x'.repeat(10_000)],
    ['a refresh token of another server', () => `rt_${randomBytes(45).toString('base64url')}`],
    [
      'a refresh token with another end',
      () => session.refreshToken.replace(/.(?=.{3}$)/, (character) => (character === 'A' ? 'B' : 'A')),
    ],
    ['a refresh token with its first key id changed', () => session.refreshToken.replace(/^rt_../, 'rt__w')],
    ['an opaque access token of another server', () => `at_${randomBytes(200).toString('base64url')}`],
    [
      'a JWT with another signature',
      () => session.accessToken.replace(/[^.]+$/, randomBytes(64).toString('base64url')),
    ],
    ['a JWT without a signature', () => session.accessToken.replace(/[^.]+$/, '')],
  ];

  it.each(strangers)('[152] revoking a token that is not ours succeeds without effect: %s', async (_name, token) => {
    expectDone(await revoke(app, client, token()));
    await expectActive(app, client, session.accessToken);
    await expectAlive(app, client, session.refreshToken);
  });
});

describe('the answer', () => {
  it('[154] the revocation response is an empty JSON object with no-store', async () => {
    const answer = await revoke(app, client, session.refreshToken);
    expectDone(answer);
    expect([answer.text, answer.headers.get('content-type')]).toEqual(['{}', 'application/json; charset=utf-8']);
    expect(answer.headers.get('cache-control')).toContain('no-store');
    expect(answer.headers.get('pragma')).toBe('no-cache');
  });

  it.each(['refreshToken', 'accessToken'] as const)(
    '[153] a second revocation gets the same response, and the %s is revoked once',
    async (kind) => {
      const [first, second] = [await revoke(app, client, session[kind]), await revoke(app, client, session[kind])];
      expectDone(first);
      expectDone(second);
      const namesOf = ({ headers }: Answer) => [...headers.keys()].sort();
      expect(namesOf(second)).toEqual(namesOf(first));
      const [created] = await auditOf(app, first);
      expect(await revocationsOf(session.familyId, String(created?.detail?.['jti']))).toBe(1);
      expect(await auditOf(app, second)).toEqual([]);
    },
  );

  it('[153] two concurrent revocations get the same response', async () => {
    const answers = await Promise.all(Array.from({ length: 8 }, () => revoke(app, client, session.refreshToken)));
    answers.forEach(expectDone);
    await expectNoneLive(app, client, session.familyId);
  });
});

describe('a database that is lost on the way', () => {
  const statements = [
    /^START TRANSACTION/,
    /UPDATE token_families/,
    /INSERT INTO revocations/,
    /INSERT INTO audit_events/,
    /^COMMIT/,
  ];

  it.each(statements)(
    '[165] a database lost at %s answers 503, and nothing of the family is revoked',
    async (statement) => {
      const { result: answer, lost } = await withLostStatements(app, statement, () =>
        expectUntouched(app, session.familyId, () => revoke(app, client, session.refreshToken)),
      );
      expect(lost).toBe(1);
      expectAway(answer);
      expect(await revocationsOf(session.familyId)).toBe(0);
      await expectActive(app, client, session.refreshToken, session.accessToken);
      await expectAlive(app, client, session.refreshToken);
    },
  );

  it.each(statements.filter(({ source }) => !source.includes('token_families')))(
    '[165] a database lost at %s answers 503, and the access token stays valid until a revocation succeeds',
    async (statement) => {
      const { result: answer, lost } = await withLostStatements(app, statement, () =>
        revoke(app, client, session.accessToken),
      );
      expect(lost).toBe(1);
      expectAway(answer);
      await expectActive(app, client, session.accessToken);
      expectDone(await revoke(app, client, session.accessToken));
      await expectInactive(app, client, session.accessToken);
    },
  );

  /** The only expected 5xx. */
  function expectAway(answer: Answer): void {
    expectError(answer, 503, 'temporarily_unavailable');
    expect(answer.headers.get('retry-after')).toBe('1');
    expect(serverErrors(app)).toHaveLength(1);
  }
});

it('[148] after many rotations, revoking one token invalidates every generation', async () => {
  let { refreshToken } = session;
  for (let rotation = 0; rotation < 10; rotation++) {
    refreshToken = (await refresh(app, client, refreshToken)).body.refresh_token;
  }
  expectDone(await revoke(app, client, await tokenOf(app, session.familyId, 3)));
  await expectNoneLive(app, client, session.familyId);
});
