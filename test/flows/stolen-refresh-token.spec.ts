/** A stolen refresh token: once both sides have used it, in any order, the family is revoked: invariant 3. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { auditOfFamily } from '../support/audit-trail.js';
import { confidentialClient, publicClient, startFamily, type TestClient } from '../support/clients.js';
import { expectError } from '../support/expectations.js';
import { expectNoneLive, expectOneLive } from '../support/family-state.js';
import { introspect, refresh, type Answer } from '../support/requests.js';
import { startApp, type TestApp } from '../support/test-app.js';

let app: TestApp;

beforeAll(async () => {
  app = await startApp();
});
afterAll(() => app.close());

/** A holder of a copy of the token, who refreshes as long as that works. */
class Holder {
  readonly accessTokens: string[] = [];

  constructor(
    private readonly client: TestClient,
    public token: string,
  ) {}

  async refresh(): Promise<Answer> {
    const answer = await refresh(app, this.client, this.token);
    if (answer.status === 200) {
      this.token = answer.body.refresh_token;
      this.accessTokens.push(answer.body.access_token);
    }
    return answer;
  }

  /** Another holder with a copy of this one's token. */
  copy(): Holder {
    return new Holder(this.client, this.token);
  }
}

describe.each(['confidential', 'public'] as const)('a stolen token of a %s client', (type) => {
  let client: TestClient;
  let familyId: string;
  let user: Holder;
  let thief: Holder;

  beforeEach(async () => {
    client = type === 'public' ? await publicClient(app) : await confidentialClient(app);
    const family = await startFamily(app, client, { subject: 'victim' });
    familyId = family.familyId;
    user = new Holder(client, family.refreshToken);
    await user.refresh();
    app.clock.advanceSeconds(300);
    thief = user.copy();
  });

  const activeOf = async ({ accessTokens }: Holder): Promise<boolean[]> =>
    Promise.all(accessTokens.map(async (token) => (await introspect(app, client, token)).body.active as boolean));

  it('[124] [125] if the thief uses the token first, both lose access when the user refreshes', async () => {
    expect((await thief.refresh()).status).toBe(200);
    app.clock.advanceSeconds(120);
    expect((await thief.refresh()).status).toBe(200);
    expectError(await user.refresh(), 400, 'invalid_grant');
    expectError(await thief.refresh(), 400, 'invalid_grant');
    if (type === 'confidential') {
      expect(await activeOf(thief)).toEqual([false, false]);
      expect(await activeOf(user)).toEqual([false]);
      await expectNoneLive(app, client, familyId);
    }
  });

  it('[124] if the user uses the token first, both lose access when the thief does', async () => {
    await user.refresh();
    app.clock.advanceSeconds(120);
    expectError(await thief.refresh(), 400, 'invalid_grant');
    expectError(await user.refresh(), 400, 'invalid_grant');
  });

  it('if both use it within the grace period, they share the successor, and the family is revoked the next time', async () => {
    const [first, second] = [await user.refresh(), await thief.refresh()];
    expect(second.body.refresh_token).toBe(first.body.refresh_token);
    app.clock.advanceSeconds(120);
    expect((await thief.refresh()).status).toBe(200);
    app.clock.advanceSeconds(120);
    expectError(await user.refresh(), 400, 'invalid_grant');
    expectError(await thief.refresh(), 400, 'invalid_grant');
  });

  it('if the thief rotates many times at once, the user’s next refresh revokes the family all the same', async () => {
    for (let round = 0; round < 12; round++) expect((await thief.refresh()).status).toBe(200);
    expectError(await user.refresh(), 400, 'invalid_grant');
    expectError(await thief.refresh(), 400, 'invalid_grant');
  });

  it('the user signs in again, and the thief has no access', async () => {
    await thief.refresh();
    app.clock.advanceSeconds(61);
    await user.refresh();
    const { familyId: fresh, refreshToken } = await startFamily(app, client, { subject: 'victim' });
    const again = new Holder(client, refreshToken);
    expect((await again.refresh()).status).toBe(200);
    expectError(await thief.refresh(), 400, 'invalid_grant');
    if (type === 'confidential') await expectOneLive(app, client, fresh);
  });

  it('the audit log shows the theft afterwards', async () => {
    await thief.refresh();
    app.clock.advanceSeconds(61);
    await user.refresh();
    await thief.refresh();
    const trail = await auditOfFamily(app, familyId);
    expect(trail.map(({ event, reason }) => [event, reason])).toEqual([
      ['family.started', null],
      ['refresh.rotated', null],
      ['refresh.rotated', null],
      ['refresh.reused', 'revoke_family'],
      ['refresh.refused', 'revoked'],
    ]);
    expect(trail[3]!.detail).toMatchObject({ presented_generation: 1, current_generation: 2, families_revoked: 1 });
  });
});
