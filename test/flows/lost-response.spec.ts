/** A client that gets no response retries and keeps its session: invariants 1, 2 and 6. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { ofDatabase } from '../../src/platform/database/database-pool.js';
import { TokenFamilyRepository } from '../../src/refresh/token-family.repository.js';
import { auditOf, auditOfFamily } from '../support/audit-trail.js';
import { confidentialClient, publicClient, startFamily, type TestClient, type TestFamily } from '../support/clients.js';
import { eventually } from '../support/eventually.js';
import { expectError } from '../support/expectations.js';
import { expectOneLive, expectUntouched, familyRow } from '../support/family-state.js';
import { credentialsOf, introspect, refresh } from '../support/requests.js';
import { startApp, type TestApp } from '../support/test-app.js';

let app: TestApp;
let client: TestClient;
let family: TestFamily;

beforeAll(async () => {
  app = await startApp();
  client = await confidentialClient(app);
});
afterAll(() => app.close());
beforeEach(async () => {
  family = await startFamily(app, client);
});
afterEach(() => void jest.restoreAllMocks());

/** Sends the request, reads nothing, and disconnects once the family has rotated. */
async function refreshAndLoseTheAnswer(as: TestClient, { familyId }: TestFamily, refreshToken: string): Promise<void> {
  const { generation } = await familyRow(app, familyId);
  const { headers, fields } = credentialsOf(as);
  const body = new URLSearchParams({ grant_type: 'refresh_token', refresh_token: refreshToken, ...fields }).toString();
  const socket = connect(Number(new URL(app.url).port), '127.0.0.1');
  await once(socket, 'connect');
  const lines = [
    'POST /token HTTP/1.1',
    'Host: rekey.test',
    'Content-Type: application/x-www-form-urlencoded',
    `Content-Length: ${body.length}`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
  ];
  socket.write(`${lines.join('\r\n')}\r\n\r\n${body}`);
  await eventually(async () => expect((await familyRow(app, familyId)).generation).toBe(generation + 1));
  socket.destroy();
}

describe('a lost response', () => {
  it('[127] after a lost response, the same request gets the successor, which works', async () => {
    await refreshAndLoseTheAnswer(client, family, family.refreshToken);
    const again = await refresh(app, client, family.refreshToken);
    expect(again.status).toBe(200);
    expect((await introspect(app, client, again.body.access_token)).body.active).toBe(true);
    expect((await refresh(app, client, again.body.refresh_token)).status).toBe(200);
    await expectOneLive(app, client, family.familyId);
  });

  it('[127] after several lost responses, the same request still gets the successor', async () => {
    await refreshAndLoseTheAnswer(client, family, family.refreshToken);
    const answers = new Set<string>();
    for (let tunnel = 0; tunnel < 5; tunnel++) {
      app.clock.advanceSeconds(10);
      answers.add((await refresh(app, client, family.refreshToken)).body.refresh_token);
    }
    expect(answers.size).toBe(1);
    expect((await refresh(app, client, [...answers][0]!)).status).toBe(200);
  });

  it('[127] with a lost response at each of ten refreshes in a row, the session lives, and there is one successor each', async () => {
    let token = family.refreshToken;
    for (let round = 1; round <= 10; round++) {
      await refreshAndLoseTheAnswer(client, family, token);
      app.clock.advanceSeconds(30);
      token = (await refresh(app, client, token)).body.refresh_token;
      expect((await familyRow(app, family.familyId)).generation).toBe(round);
    }
    await expectOneLive(app, client, family.familyId);
  });

  it('[127] a public client gets the successor of a lost response, too', async () => {
    const spa = await publicClient(app);
    const session = await startFamily(app, spa);
    await refreshAndLoseTheAnswer(spa, session, session.refreshToken);
    const again = await refresh(app, spa, session.refreshToken);
    expect((await refresh(app, spa, again.body.refresh_token)).status).toBe(200);
  });

  it('[127] the audit log distinguishes the retry from the rotation', async () => {
    await refreshAndLoseTheAnswer(client, family, family.refreshToken);
    await refresh(app, client, family.refreshToken);
    const events = (await auditOfFamily(app, family.familyId)).map(({ event }) => event);
    expect(events).toEqual(['family.started', 'refresh.rotated', 'refresh.retried']);
  });

  it('a client that retries after the grace period loses its session, because that looks like a reuse', async () => {
    await refreshAndLoseTheAnswer(client, family, family.refreshToken);
    app.clock.advanceSeconds(61);
    expectError(await refresh(app, client, family.refreshToken), 400, 'invalid_grant');
  });
});

describe('a lost database connection', () => {
  const lost = () => ofDatabase(new Error('Connection terminated unexpectedly'));
  const repository = () => app.nest.get(TokenFamilyRepository, { strict: false });

  it('[137] a connection lost after COMMIT and before the answer is a 503, and a repeated request gets the successor', async () => {
    const rotate = repository().rotate.bind(repository());
    jest.spyOn(repository(), 'rotate').mockImplementationOnce(async (entries, now) => {
      await rotate(entries, now);
      throw lost();
    });
    const first = await refresh(app, client, family.refreshToken);
    expectError(first, 503, 'temporarily_unavailable');
    expect(first.headers.get('retry-after')).toBe('1');
    const again = await refresh(app, client, family.refreshToken);
    expect(again.status).toBe(200);
    expect(await auditOf(app, again)).toMatchObject([{ event: 'refresh.retried' }]);
    expect((await familyRow(app, family.familyId)).generation).toBe(1);
    expect((await refresh(app, client, again.body.refresh_token)).status).toBe(200);
  });

  it('[138] a connection lost before COMMIT is a 503, consumes nothing, and a repeated request is the first use', async () => {
    jest.spyOn(repository(), 'rotate').mockRejectedValueOnce(lost());
    const first = await expectUntouched(app, family.familyId, () => refresh(app, client, family.refreshToken));
    expectError(first, 503, 'temporarily_unavailable');
    const again = await refresh(app, client, family.refreshToken);
    expect(await auditOf(app, again)).toMatchObject([{ event: 'refresh.rotated' }]);
    expect((await familyRow(app, family.familyId)).generation).toBe(1);
  });

  it('a connection lost while a retry is looked up is a 503, and the retry still works', async () => {
    const { body } = await refresh(app, client, family.refreshToken);
    jest.spyOn(repository(), 'find').mockRejectedValueOnce(lost());
    const refused = await expectUntouched(app, family.familyId, () => refresh(app, client, family.refreshToken));
    expectError(refused, 503, 'temporarily_unavailable');
    expect((await refresh(app, client, family.refreshToken)).body.refresh_token).toBe(body.refresh_token);
  });

  it('a connection lost while a reuse is looked up is a 503, and the reuse is detected the next time', async () => {
    await refresh(app, client, family.refreshToken);
    app.clock.advanceSeconds(61);
    jest.spyOn(repository(), 'find').mockRejectedValueOnce(lost());
    const refused = await expectUntouched(app, family.familyId, () => refresh(app, client, family.refreshToken));
    expectError(refused, 503, 'temporarily_unavailable');
    expectError(await refresh(app, client, family.refreshToken), 400, 'invalid_grant');
    expect((await familyRow(app, family.familyId)).revoked_reason).toBe('refresh_token_reused');
  });
});
