/** The refresh grant: what it accepts and refuses, and what each refresh checks. */
import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { decodeJwt } from 'jose';
import { v7 as uuidv7 } from 'uuid';
import { ClientsService } from '../../src/clients/clients.service.js';
import { KeyRing } from '../../src/keys/key-ring.service.js';
import { mintRefreshToken } from '../../src/families/refresh-token.js';
import { revocationKinds, type RevocationKind } from '../../src/revocation/revocation.js';
import { TokenFamilyRepository } from '../../src/refresh/token-family.repository.js';
import { RevocationService } from '../../src/revocation/revocation.service.js';
import {
  changeClient,
  confidentialClient,
  publicClient,
  startFamily,
  type TestClient,
  type TestFamily,
} from '../support/clients.js';
import { expectError, serverErrors } from '../support/expectations.js';
import { expectNoneLive, expectOneLive, expectUntouched, familyRow } from '../support/family-state.js';
import { introspect, postAs, refresh, revoke, type Answer } from '../support/requests.js';
import { setSubjectDisabled } from '../support/subjects.js';
import { startApp, type TestApp } from '../support/test-app.js';
import { timeLimit } from '../support/time-limit.js';

let app: TestApp;
let client: TestClient;
let family: TestFamily;

beforeAll(async () => {
  app = await startApp();
  client = await confidentialClient(app);
});
afterAll(() => app.close());
beforeEach(async () => {
  family = await startFamily(app, client, { subject: `u-${uuidv7()}` });
});
afterEach(() => expect(serverErrors(app)).toEqual([]));

const refreshes = (token = family.refreshToken, fields: Record<string, string> = {}, as = client) =>
  refresh(app, as, token, fields);

const scopeOf = (answer: Answer): string[] => String(answer.body.scope).split(' ').sort();

async function expectRefused(action: () => Promise<Answer>, code: string, of = family): Promise<void> {
  expectError(await expectUntouched(app, of.familyId, action), 400, code);
}

const revokeAs = (kind: RevocationKind, value: string) =>
  app.nest
    .get(RevocationService, { strict: false })
    .revoke([{ kind, value, reason: 'test', actor: 'test' }], { event: 'revocation.created' });

describe('the refresh token', () => {
  it.each([{}, { refresh_token: '' }])(
    '[92] the refresh token is required: %p is an invalid request',
    async (fields) => {
      await expectRefused(
        () => postAs(client, `${app.url}/token`, { grant_type: 'refresh_token', ...fields }),
        'invalid_request',
      );
    },
  );

  it('[93] a refresh token yields a new active access token', async () => {
    const first = await refreshes();
    const second = await refreshes(first.body.refresh_token);
    expect([first.status, second.status]).toEqual([200, 200]);
    expect(second.body.access_token).not.toBe(first.body.access_token);
    const { body } = await introspect(app, client, second.body.access_token);
    expect(body).toMatchObject({
      active: true,
      sub: family.subject,
      client_id: client.clientId,
      family_id: family.familyId,
    });
  });

  it('[94] a refresh token that was never issued is an invalid grant', async () => {
    await expectRefused(() => refreshes(randomBytes(32).toString('base64url')), 'invalid_grant');
    await expectRefused(() => refreshes(`rt_${randomBytes(45).toString('base64url')}`), 'invalid_grant');
  });

  it('[94] a refresh token of an unknown family is an invalid grant, even with a valid MAC', async () => {
    const key = app.nest.get(KeyRing, { strict: false }).mintingTokenKey();
    await expectRefused(() => refreshes(mintRefreshToken({ handle: uuidv7(), generation: 0 }, key)), 'invalid_grant');
  });

  it.each([
    'x',
    'rt_',
    '🔑',
    '..',
    '../../etc/passwd',
    "' OR 1=1 --",
    '{"$ne":null}',
    '\0',
    'null',
    'eyJhbGciOiJub25lIn0.eyJzdWIiOiJ1MSJ9.',
  ])('[95] a malformed refresh token (%j) is an invalid grant', async (token) => {
    await expectRefused(() => refreshes(token), 'invalid_grant');
  });

  it('[95] a refresh token of ten kilobytes is an invalid grant', async () => {
    await expectRefused(() => refreshes('x'.repeat(10 * 1024)), 'invalid_grant');
  });

  it('[95] a refresh token with any one character changed is an invalid grant', async () => {
    const { refreshToken } = family;
    for (let index = 0; index < refreshToken.length; index += 3) {
      const changed = refreshToken[index] === 'A' ? 'B' : 'A';
      const forged = refreshToken.slice(0, index) + changed + refreshToken.slice(index + 1);
      await expectRefused(() => refreshes(forged), 'invalid_grant');
    }
    await expectOneLive(app, client, family.familyId);
  });

  it('[98] a revoked refresh token is an invalid grant', async () => {
    expect((await revoke(app, client, family.refreshToken)).status).toBe(200);
    await expectRefused(() => refreshes(), 'invalid_grant');
    await expectNoneLive(app, client, family.familyId);
  });

  it('[101] an access token of either format is not accepted as a refresh token', async () => {
    const opaque = await confidentialClient(app, { accessTokenFormat: 'opaque' });
    const { refreshToken } = await startFamily(app, opaque);
    const tokens = [
      (await refreshes()).body.access_token as string,
      (await refreshes(refreshToken, {}, opaque)).body.access_token as string,
    ];
    for (const token of tokens) {
      for (const presented of [token, `rt_${token}`, `rt_${token.slice(-60)}`]) {
        await expectRefused(() => refreshes(presented), 'invalid_grant');
        await expectRefused(() => refreshes(presented, {}, opaque), 'invalid_grant');
      }
    }
  });
});

describe('the client', () => {
  it('[99] another client’s refresh token is an invalid grant, and its owner can still use it', async () => {
    const other = await confidentialClient(app);
    await expectRefused(() => refreshes(family.refreshToken, {}, other), 'invalid_grant');
    await expectOneLive(app, client, family.familyId);
  });

  it('[99] another client’s superseded refresh token is refused and revokes nothing', async () => {
    const other = await confidentialClient(app);
    await refreshes();
    app.clock.advanceSeconds(61);
    await expectRefused(() => refreshes(family.refreshToken, {}, other), 'invalid_grant');
    await expectOneLive(app, client, family.familyId);
  });

  it('[100] a public client cannot use another public client’s refresh token', async () => {
    const [p1, p2] = [await publicClient(app), await publicClient(app)];
    const ofP1 = await startFamily(app, p1);
    await expectRefused(() => refreshes(ofP1.refreshToken, {}, p2), 'invalid_grant', ofP1);
    expect((await refreshes(ofP1.refreshToken, {}, p1)).status).toBe(200);
  });
});

describe('the life of a family', () => {
  it.each([
    [-1, 200],
    [0, 400],
    [1000, 400],
  ])('[96] [117] a family expires after its idle time: %d ms after, %d', async (late, status) => {
    const shortLived = await confidentialClient(app, { idleTtlSeconds: 600 });
    const idle = await startFamily(app, shortLived);
    app.clock.advance(600_000 + late);
    const answer = await refreshes(idle.refreshToken, {}, shortLived);
    expect(answer.status).toBe(status);
    if (status === 400) {
      expectError(answer, 400, 'invalid_grant');
      await expectNoneLive(app, shortLived, idle.familyId);
    }
  });

  it('[117] each use restarts the idle time of a family', async () => {
    const shortLived = await confidentialClient(app, { idleTtlSeconds: 600 });
    let token = (await startFamily(app, shortLived)).refreshToken;
    for (let round = 0; round < 5; round++) {
      app.clock.advanceSeconds(599);
      const answer = await refreshes(token, {}, shortLived);
      expect(answer.status).toBe(200);
      token = answer.body.refresh_token;
    }
    app.clock.advanceSeconds(600);
    expectError(await refreshes(token, {}, shortLived), 400, 'invalid_grant');
  });

  it('[97] a family expires at its absolute end, however often it is used', async () => {
    const shortLived = await confidentialClient(app, { idleTtlSeconds: 600, absoluteTtlSeconds: 1800 });
    const { refreshToken, familyId } = await startFamily(app, shortLived);
    const statuses: number[] = [];
    let token = refreshToken;
    for (let minute = 5; minute <= 35; minute += 5) {
      app.clock.advanceSeconds(300);
      const answer = await refreshes(token, {}, shortLived);
      statuses.push(answer.status);
      token = answer.body.refresh_token ?? token;
    }
    expect(statuses).toEqual([200, 200, 200, 200, 200, 400, 400]);
    await expectNoneLive(app, shortLived, familyId);
  });

  it('[119] a new access token has its full lifetime, but never outlives the family', async () => {
    const shortLived = await confidentialClient(app, {
      accessTokenTtlSeconds: 300,
      idleTtlSeconds: 3600,
      absoluteTtlSeconds: 1000,
    });
    let token = (await startFamily(app, shortLived)).refreshToken;
    const lives: number[] = [];
    for (const seconds of [0, 200, 400, 250, 100]) {
      app.clock.advanceSeconds(seconds);
      const { body } = await refreshes(token, {}, shortLived);
      const { exp, iat } = decodeJwt(body.access_token);
      expect(exp! - iat!).toBe(body.expires_in);
      expect(iat).toBe(Math.floor(app.clock.now() / 1000));
      lives.push(body.expires_in);
      token = body.refresh_token;
    }
    expect(lives).toEqual([300, 300, 300, 150, 50]);
  });

  it('[119] an access token issued in the family’s last millisecond is valid', async () => {
    app.clock.advance(789);
    const shortLived = await confidentialClient(app, { absoluteTtlSeconds: 60 });
    const { refreshToken, familyId } = await startFamily(app, shortLived);
    const end = (await familyRow(app, familyId)).absolute_expires_at.getTime();
    app.clock.advance(end - 1 - app.clock.now());
    const { body } = await refreshes(refreshToken, {}, shortLived);
    expect(body.expires_in).toBe(1);
    expect((await introspect(app, shortLived, body.access_token)).body.active).toBe(true);
    app.clock.advance(1);
    expect((await introspect(app, shortLived, body.access_token)).body.active).toBe(false);
  });

  it('[118] a refresh does not affect the previous access token', async () => {
    const first = await refreshes();
    await refreshes(first.body.refresh_token);
    expect((await introspect(app, client, first.body.access_token)).body.active).toBe(true);
  });
});

describe('the scope', () => {
  it('[103] a refresh without a scope gets the granted scope', async () => {
    const answer = await refreshes();
    expect(answer.body.scope).toBe('a b c');
    expect(decodeJwt(answer.body.access_token).scope).toBe('a b c');
  });

  it('[104] [105] a refresh may narrow the scope of one access token, and the refresh token keeps all of it', async () => {
    const narrowed = await refreshes(family.refreshToken, { scope: 'a' });
    expect(narrowed.status).toBe(200);
    expect(narrowed.body.scope).toBe('a');
    expect(decodeJwt(narrowed.body.access_token).scope).toBe('a');
    expect((await refreshes(narrowed.body.refresh_token)).body.scope).toBe('a b c');
  });

  it.each(['a d', 'd', 'A', 'a b c d'])(
    '[106] [107] a scope beyond the grant (%s) is an invalid scope, and consumes nothing',
    async (scope) => {
      await expectRefused(() => refreshes(family.refreshToken, { scope }), 'invalid_scope');
      await expectOneLive(app, client, family.familyId);
    },
  );

  it('[106] a scope beyond the grant is invalid even if the client has it in another grant', async () => {
    const narrow = await startFamily(app, client, { scope: ['a', 'b'] });
    await expectRefused(() => refreshes(narrow.refreshToken, { scope: 'a c' }), 'invalid_scope', narrow);
    await expectOneLive(app, client, narrow.familyId);
  });

  it('[107] the scope is a set: order and repetition do not matter', async () => {
    const swapped = await refreshes(family.refreshToken, { scope: 'c a' });
    expect(scopeOf(swapped)).toEqual(['a', 'c']);
    const repeated = await refreshes(swapped.body.refresh_token, { scope: 'a a' });
    expect(repeated.body.scope).toBe('a');
  });

  it.each(['a"b', 'a\\b', 'é', 'a\tb', 'a\nb', 'a\u007F', '🔑'])(
    '[108] a scope with invalid characters is refused: %j',
    async (scope) => {
      await expectRefused(() => refreshes(family.refreshToken, { scope }), 'invalid_scope');
    },
  );

  it('a scope beyond the grant is refused before the rotation statement, and a scope within it costs one read', async () => {
    const narrow = await startFamily(app, client, { scope: ['a'] });
    const repository = app.nest.get(TokenFamilyRepository, { strict: false });
    const statements = [jest.spyOn(repository, 'rotate'), jest.spyOn(repository, 'rotateAlone')];
    const reads = jest.spyOn(repository, 'find');
    try {
      expectError(await refreshes(narrow.refreshToken, { scope: 'a b' }), 400, 'invalid_scope');
      expect(statements.map(({ mock }) => mock.calls.length)).toEqual([0, 0]);
      const narrowed = await refreshes(narrow.refreshToken, { scope: 'a' });
      expect([...statements, reads].map(({ mock }) => mock.calls.length)).toEqual([1, 0, 2]);
      await refreshes(narrowed.body.refresh_token);
      expect([...statements, reads].map(({ mock }) => mock.calls.length)).toEqual([2, 0, 2]);
    } finally {
      jest.restoreAllMocks();
    }
  });

  it.each([' a', 'a ', 'a  b', ' '])(
    '[109] a scope without single spaces as separators is refused: %j',
    async (scope) => {
      await expectRefused(() => refreshes(family.refreshToken, { scope }), 'invalid_scope');
    },
  );

  it('[110] a scope of thousands of tokens is refused, whether or not it fits into a request', async () => {
    const of = (count: number) => Array.from({ length: count }, (_, index) => 'abc'[index % 3]).join(' ');
    await expectRefused(() => refreshes(family.refreshToken, { scope: of(8000) }), 'invalid_scope');
    await expectRefused(() => refreshes(family.refreshToken, { scope: 'a'.repeat(5000) }), 'invalid_scope');
    const tooLarge = await expectUntouched(app, family.familyId, () =>
      refreshes(family.refreshToken, { scope: of(10_000) }),
    );
    expectError(tooLarge, 413, 'request_too_large');
  });

  it('[110] a scope of as many tokens as a client may have is accepted', async () => {
    const scopes = Array.from({ length: 200 }, (_, index) => `scope-${index}`);
    const many = await confidentialClient(app, { scopes });
    const { refreshToken } = await startFamily(app, many, { scope: scopes });
    const answer = await refreshes(refreshToken, { scope: scopes.toReversed().join(' ') }, many);
    expect(scopeOf(answer)).toEqual(scopes.toSorted());
  });

  it('[116] scope and audience are those of the grant, whatever else the request contains', async () => {
    const audience = ['https://api.example', 'https://files.example'];
    const bound = await confidentialClient(app, { audience });
    const { refreshToken } = await startFamily(app, bound, { scope: ['a'] });
    const fields = { audience: 'https://bank.example', subject: 'root', sub: 'root', aud: 'https://bank.example' };
    const { body } = await refreshes(refreshToken, fields, bound);
    expect(decodeJwt(body.access_token)).toMatchObject({ aud: audience, scope: 'a', sub: 'u1' });
  });
});

describe('the checks of each refresh', () => {
  it('[111] each refresh checks whether the grant was revoked', async () => {
    await revokeAs('family', family.familyId);
    await expectRefused(() => refreshes(), 'invalid_grant');
    await expectNoneLive(app, client, family.familyId);
  });

  it('[112] each refresh checks whether the subject is disabled; once enabled, its families continue', async () => {
    const before = await refreshes();
    await setSubjectDisabled(app, family.subject, true);
    await expectRefused(() => refreshes(before.body.refresh_token), 'invalid_grant');
    await expectRefused(() => refreshes(), 'invalid_grant');
    expect((await introspect(app, client, before.body.access_token)).text).toBe('{"active":false}');
    expect((await introspect(app, client, before.body.refresh_token)).text).toBe('{"active":false}');
    await setSubjectDisabled(app, family.subject, false);
    // Tokens that a request under way could still get within two seconds are revoked as well.
    app.clock.advanceSeconds(3);
    const after = await refreshes(before.body.refresh_token);
    expect((await introspect(app, client, after.body.access_token)).body.active).toBe(true);
  });

  it('[112] disabling one subject disables no other', async () => {
    await setSubjectDisabled(app, `${family.subject}-other`, true);
    await expectOneLive(app, client, family.familyId);
  });

  it('[112] each refresh checks whether the client is disabled or deleted', async () => {
    for (const end of ['disabled', 'deleted'] as const) {
      const ended = await confidentialClient(app);
      const { refreshToken, familyId } = await startFamily(app, ended);
      if (end === 'disabled') await changeClient(app, ended, { disabled: true });
      else await app.nest.get(ClientsService, { strict: false }).delete(ended.clientId, { actor: 'test' });
      expectError(
        await expectUntouched(app, familyId, () => refreshes(refreshToken, {}, ended)),
        401,
        'invalid_client',
      );
    }
  });

  it('[112] each refresh checks whether another replica has just disabled the client', async () => {
    const ended = await confidentialClient(app);
    const { refreshToken, familyId } = await startFamily(app, ended);
    const { body } = await refreshes(refreshToken, {}, ended);
    await app.database.query('UPDATE clients SET disabled_at = now() WHERE client_id = $1', [ended.clientId]);
    for (const token of [refreshToken, body.refresh_token]) {
      expectError(await expectUntouched(app, familyId, () => refreshes(token, {}, ended)), 400, 'invalid_grant');
    }
  });

  it('[113] each refresh checks whether the client may still have each scope', async () => {
    const shrinking = await confidentialClient(app);
    const { refreshToken, familyId } = await startFamily(app, shrinking);
    await changeClient(app, shrinking, { scopes: ['b', 'a', 'z'] });
    const without = await refreshes(refreshToken, {}, shrinking);
    expect(without.body.scope).toBe('a b');
    expect(decodeJwt(without.body.access_token).scope).toBe('a b');
    for (const scope of ['c', 'a c', 'z']) {
      const answer = await expectUntouched(app, familyId, () =>
        refreshes(without.body.refresh_token, { scope }, shrinking),
      );
      expectError(answer, 400, 'invalid_scope');
    }
    await changeClient(app, shrinking, { scopes: ['a', 'b', 'c'] });
    expect((await refreshes(without.body.refresh_token, {}, shrinking)).body.scope).toBe('a b c');
  });

  it('[113] a retry cannot bypass the checks', async () => {
    const shrinking = await confidentialClient(app);
    const { refreshToken } = await startFamily(app, shrinking);
    expect((await refreshes(refreshToken, {}, shrinking)).body.scope).toBe('a b c');
    await changeClient(app, shrinking, { scopes: ['a', 'b'] });
    expect((await refreshes(refreshToken, {}, shrinking)).body.scope).toBe('a b');
    expectError(await refreshes(refreshToken, { scope: 'c' }, shrinking), 400, 'invalid_scope');
  });

  it('[113] a grant without any scope left yields no tokens, and continues once a scope is back', async () => {
    const shrinking = await confidentialClient(app);
    const { refreshToken, familyId } = await startFamily(app, shrinking);
    await changeClient(app, shrinking, { scopes: ['z'] });
    expectError(
      await expectUntouched(app, familyId, () => refreshes(refreshToken, {}, shrinking)),
      400,
      'invalid_scope',
    );
    await changeClient(app, shrinking, { scopes: ['z', 'b'] });
    expect((await refreshes(refreshToken, {}, shrinking)).body.scope).toBe('b');
  });

  it('[114] each refresh checks whether the client may still use the grant', async () => {
    const shrinking = await confidentialClient(app);
    const { refreshToken, familyId } = await startFamily(app, shrinking);
    await changeClient(app, shrinking, { grantTypes: ['client_credentials'] });
    expectError(
      await expectUntouched(app, familyId, () => refreshes(refreshToken, {}, shrinking)),
      400,
      'unauthorized_client',
    );
  });

  it('[115] the latest revocation wins: of everything, of the client, of the subject, of the family', async () => {
    const clients = [await confidentialClient(app), await confidentialClient(app)];
    const subjects = [`u-${uuidv7()}`, `u-${uuidv7()}`];
    const step = fc.oneof(
      fc.record({ start: fc.nat(1), subject: fc.nat(1) }),
      fc.record({ revoke: fc.constantFrom(...revocationKinds.filter((kind) => kind !== 'token')), of: fc.nat(3) }),
    );
    const isOver = timeLimit(15_000);
    const run = async (steps: (typeof step extends fc.Arbitrary<infer T> ? T : never)[]) => {
      if (isOver()) return;
      const sessions: { started: number; client: TestClient; family: TestFamily; accessToken: string }[] = [];
      const cutOffs: { at: number; kind: RevocationKind; value: string }[] = [];
      for (const [at, taken] of steps.entries()) {
        app.clock.advance(1);
        if ('start' in taken) {
          const of = clients[taken.start]!;
          const begun = await startFamily(app, of, { subject: subjects[taken.subject]! });
          const { body } = await refresh(app, of, begun.refreshToken);
          sessions.push({
            started: at,
            client: of,
            family: { ...begun, refreshToken: body.refresh_token },
            accessToken: body.access_token,
          });
        } else {
          const values = {
            family: sessions[taken.of]?.family.familyId,
            subject: subjects[taken.of % 2],
            client: clients[taken.of % 2]!.clientId,
            all: '',
          };
          const value = values[taken.revoke];
          if (value === undefined) continue;
          await revokeAs(taken.revoke, value);
          cutOffs.push({ at, kind: taken.revoke, value });
        }
      }
      app.clock.advance(1);
      for (const { started, client: of, family: begun, accessToken } of sessions) {
        const concerns = new Set([
          `family ${begun.familyId}`,
          `subject ${begun.subject}`,
          `client ${of.clientId}`,
          'all ',
        ]);
        const cutOff = Math.max(
          -1,
          ...cutOffs.filter(({ kind, value }) => concerns.has(`${kind} ${value}`)).map(({ at }) => at),
        );
        const dead = started < cutOff;
        expect((await introspect(app, of, accessToken)).body.active).toBe(!dead);
        const answer = await refresh(app, of, begun.refreshToken);
        expect(answer.status === 400 ? answer.body.error : 200).toBe(dead ? 'invalid_grant' : 200);
      }
    };
    await fc.assert(fc.asyncProperty(fc.array(step, { minLength: 2, maxLength: 8 }), run), {
      numRuns: 40,
    });
  }, 60_000);
});

it('[102] every invalid grant looks the same, byte for byte, whatever the reason', async () => {
  const other = await confidentialClient(app);
  const shortLived = await confidentialClient(app, { idleTtlSeconds: 60 });
  const expired = await startFamily(app, shortLived);
  const rotated = await refreshes();
  const revoked = await startFamily(app, client);
  await revoke(app, client, revoked.refreshToken);
  const disabled = await startFamily(app, client, { subject: `u-${uuidv7()}` });
  await setSubjectDisabled(app, disabled.subject, true);
  await refreshes(rotated.body.refresh_token);
  const stale = await refreshes();
  app.clock.advanceSeconds(61);
  const key = app.nest.get(KeyRing, { strict: false }).mintingTokenKey();
  const answers = {
    stale,
    malformed: await refreshes('x'),
    unknown: await refreshes(mintRefreshToken({ handle: uuidv7(), generation: 0 }, key)),
    foreign: await refreshes(family.refreshToken, {}, other),
    expired: await refreshes(expired.refreshToken, {}, shortLived),
    revoked: await refreshes(revoked.refreshToken),
    disabled: await refreshes(disabled.refreshToken),
    reuse: await refreshes(),
    afterReuse: await refreshes(rotated.body.refresh_token),
  };
  expect((await familyRow(app, family.familyId)).revoked_reason).not.toBeNull();
  const shown = Object.values(answers).map(({ status, headers, text }) => {
    const fixed = [...headers].filter(([name]) => !['date', 'x-correlation-id'].includes(name));
    return JSON.stringify({ status, text, headers: fixed });
  });
  expectError(answers.stale, 400, 'invalid_grant');
  expect(new Set(shown).size).toBe(1);
});
