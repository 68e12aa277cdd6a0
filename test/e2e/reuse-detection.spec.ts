/** Reuse of a superseded token after its grace period, and what is revoked in response. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { ClientRegistration } from '../../src/clients/client-registration.js';
import { auditOf } from '../support/audit-trail.js';
import { changeClient, confidentialClient, startFamily, type TestClient, type TestFamily } from '../support/clients.js';
import { expectError, serverErrors } from '../support/expectations.js';
import { expectNoneLive, expectOneLive, expectUntouched, familyRow } from '../support/family-state.js';
import { exchangeSlowly, FORM } from '../support/raw-http.js';
import { basic, introspect, refresh, type Answer } from '../support/requests.js';
import { startApp, type TestApp } from '../support/test-app.js';

let app: TestApp;

beforeAll(async () => {
  app = await startApp();
});
afterAll(() => app.close());
afterEach(() => expect(serverErrors(app)).toEqual([]));

interface Session extends TestFamily {
  readonly client: TestClient;
  readonly accessTokens: string[];
  /** The valid refresh token. */
  readonly current: string;
}

/** A family that has been refreshed so many times, with all its access tokens. */
async function aSession(client: TestClient, { subject = 'u1', refreshes = 2 } = {}): Promise<Session> {
  const family = await startFamily(app, client, { subject });
  const accessTokens: string[] = [];
  let current = family.refreshToken;
  for (let round = 0; round < refreshes; round++) {
    const { body } = await refresh(app, client, current);
    accessTokens.push(body.access_token);
    current = body.refresh_token;
  }
  return { ...family, client, accessTokens, current };
}

const steal = ({ client, refreshToken }: Session): Promise<Answer> => refresh(app, client, refreshToken);

const areActive = ({ client, accessTokens }: Session): Promise<boolean[]> =>
  Promise.all(accessTokens.map(async (token) => (await introspect(app, client, token)).body.active as boolean));

async function expectDead(session: Session): Promise<void> {
  expect(await areActive(session)).toEqual(session.accessTokens.map(() => false));
  await expectNoneLive(app, session.client, session.familyId);
}

async function expectUnharmed(session: Session): Promise<void> {
  expect(await areActive(session)).toEqual(session.accessTokens.map(() => true));
  await expectOneLive(app, session.client, session.familyId);
}

const aClient = (overrides: Partial<ClientRegistration> = {}) => confidentialClient(app, overrides);

describe('a superseded token outside its window', () => {
  it('[124] a reused refresh token is refused, and its family is revoked', async () => {
    const session = await aSession(await aClient(), { refreshes: 1 });
    app.clock.advance(60_001);
    expectError(await steal(session), 400, 'invalid_grant');
    expectError(await refresh(app, session.client, session.current), 400, 'invalid_grant');
    await expectNoneLive(app, session.client, session.familyId);
  });

  it('[125] a reuse revokes all access tokens of the family', async () => {
    const session = await aSession(await aClient(), { refreshes: 3 });
    app.clock.advanceSeconds(61);
    expect(await areActive(session)).toEqual([true, true, true]);
    await steal(session);
    for (const token of session.accessTokens) {
      expect((await introspect(app, session.client, token)).text).toBe('{"active":false}');
    }
  });

  it('[125] a reuse revokes opaque access tokens as well', async () => {
    const session = await aSession(await aClient({ accessTokenFormat: 'opaque' }));
    app.clock.advanceSeconds(61);
    await steal(session);
    await expectDead(session);
  });

  it('[126] a reuse does not affect the subject’s other families, at this client and others', async () => {
    const [one, two] = [await aClient(), await aClient()];
    const stolen = await aSession(one);
    const others = [await aSession(one), await aSession(two), await aSession(one, { subject: 'u2' })];
    app.clock.advanceSeconds(61);
    await steal(stolen);
    await expectDead(stolen);
    for (const other of others) await expectUnharmed(other);
  });

  it('a reuse is detected however old the generation is', async () => {
    const client = await aClient();
    for (const refreshes of [1, 2, 8, 9, 15]) {
      const session = await aSession(client, { refreshes });
      app.clock.advanceSeconds(61);
      expectError(await steal(session), 400, 'invalid_grant');
      expect((await familyRow(app, session.familyId)).revoked_reason).toBe('refresh_token_reused');
    }
  });

  it('a reuse is detected after nine rotations within the grace period', async () => {
    const session = await aSession(await aClient(), { refreshes: 9 });
    expectError(await steal(session), 400, 'invalid_grant');
    await expectDead(session);
  });

  it('a reuse is detected whatever scope is requested', async () => {
    const session = await aSession(await aClient());
    app.clock.advanceSeconds(61);
    expectError(await refresh(app, session.client, session.refreshToken, { scope: 'a' }), 400, 'invalid_grant');
    await expectDead(session);
  });

  it.each([0, 2])('a body that is sent slowly does not extend the grace period of %d s', async (seconds) => {
    const session = await aSession(await aClient({ retryWindowSeconds: seconds }), { refreshes: 0 });
    const request = {
      path: '/token',
      headers: [FORM, ['Authorization', basic(session.client).authorization!]] as const,
      body: `grant_type=refresh_token&refresh_token=${session.refreshToken}`,
    };
    let honest: Answer | undefined;
    const stolen = await exchangeSlowly(app.url, request, async () => {
      app.clock.advanceSeconds(2);
      honest = await refresh(app, session.client, session.refreshToken);
      app.clock.advanceSeconds(3);
    });
    expect(honest?.status).toBe(200);
    expectError(stolen, 400, 'invalid_grant');
    expect((await familyRow(app, session.familyId)).revoked_reason).toBe('refresh_token_reused');
    await expectNoneLive(app, session.client, session.familyId);
  });

  it('repeated reuse of one token revokes the family once', async () => {
    const session = await aSession(await aClient());
    app.clock.advanceSeconds(61);
    await steal(session);
    const { revoked_at } = await familyRow(app, session.familyId);
    app.clock.advanceSeconds(1);
    const again = await expectUntouched(app, session.familyId, () => steal(session));
    expect(await auditOf(app, again)).toMatchObject([{ event: 'refresh.refused', reason: 'revoked' }]);
    expect((await familyRow(app, session.familyId)).revoked_at).toEqual(revoked_at);
  });

  it('a reuse is audited with the presented and the current generation, and what was revoked', async () => {
    const session = await aSession(await aClient(), { refreshes: 3 });
    app.clock.advanceSeconds(61);
    const [event, ...more] = await auditOf(app, await steal(session));
    expect(more).toEqual([]);
    expect(event).toMatchObject({
      event: 'refresh.reused',
      reason: 'revoke_family',
      family_id: session.familyId,
      subject: 'u1',
      client_id: session.client.clientId,
      actor: 'reuse-detection',
      detail: { presented_generation: 0, current_generation: 3, families_revoked: 1 },
    });
  });
});

describe('the configured response to a reuse', () => {
  /** One stolen session, and one of each kind of other session. */
  async function neighbourhood(reuseResponse: ClientRegistration['reuseResponse'], subject: string) {
    const [client, otherClient] = [await aClient({ reuseResponse }), await aClient()];
    const stolen = await aSession(client, { subject });
    const neighbours = {
      sameSubjectSameClient: await aSession(client, { subject }),
      sameSubjectOtherClient: await aSession(otherClient, { subject }),
      otherSubjectSameClient: await aSession(client, { subject: `${subject}-other` }),
    };
    app.clock.advanceSeconds(61);
    expectError(await steal(stolen), 400, 'invalid_grant');
    return { stolen, ...neighbours };
  }

  it('revoke_family revokes the family', async () => {
    const after = await neighbourhood('revoke_family', 'near');
    await expectDead(after.stolen);
    await expectUnharmed(after.sameSubjectSameClient);
    await expectUnharmed(after.sameSubjectOtherClient);
    await expectUnharmed(after.otherSubjectSameClient);
  });

  it('revoke_subject_client revokes all the subject’s families at this client', async () => {
    const after = await neighbourhood('revoke_subject_client', 'client-wide');
    await expectDead(after.stolen);
    await expectDead(after.sameSubjectSameClient);
    await expectUnharmed(after.sameSubjectOtherClient);
    await expectUnharmed(after.otherSubjectSameClient);
  });

  it('revoke_subject revokes all the subject’s families at all clients', async () => {
    const after = await neighbourhood('revoke_subject', 'subject-wide');
    await expectDead(after.stolen);
    await expectDead(after.sameSubjectSameClient);
    await expectDead(after.sameSubjectOtherClient);
    await expectUnharmed(after.otherSubjectSameClient);
  });

  it('report_only audits each reuse and refuses the token, and the family stays valid', async () => {
    const { stolen, ...others } = await neighbourhood('report_only', 'shadow');
    const again = await expectUntouched(app, stolen.familyId, () => steal(stolen));
    expectError(again, 400, 'invalid_grant');
    expect(await auditOf(app, again)).toMatchObject([
      { event: 'refresh.reused', reason: 'report_only', detail: { families_revoked: 0 } },
    ]);
    for (const session of [stolen, ...Object.values(others)]) await expectUnharmed(session);
  });

  it('a session that begins after a subject-wide revocation stays valid', async () => {
    const { stolen } = await neighbourhood('revoke_subject', 'comes-back');
    app.clock.advance(1);
    await expectUnharmed(await aSession(stolen.client, { subject: 'comes-back' }));
  });

  it('the response to a reuse is the client’s setting at that time', async () => {
    const client = await aClient({ reuseResponse: 'report_only' });
    const session = await aSession(client);
    app.clock.advanceSeconds(61);
    await steal(session);
    await expectUnharmed(session);
    await changeClient(app, client, { reuseResponse: 'revoke_family' });
    await steal(session);
    await expectDead(session);
  });
});
