/** Revocations in the admin API: dry runs, immediate and permanent effect, and the audit log. */
import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { accessToken, admin, wrongFields, type Admin } from '../support/admin.js';
import { auditOf } from '../support/audit-trail.js';
import { confidentialClient, startFamily, type TestClient } from '../support/clients.js';
import { serverErrors } from '../support/expectations.js';
import { introspect, refresh, type Answer } from '../support/requests.js';
import { startApp, type TestApp } from '../support/test-app.js';

let app: TestApp;
let caller: Admin;
let client: TestClient;

beforeAll(async () => {
  app = await startApp();
});
afterAll(() => app.close());
beforeEach(async () => {
  // New tokens must be later than the revocations of the previous test.
  app.clock.advanceSeconds(1);
  caller = await admin(app);
  client = await confidentialClient(app);
});
afterEach(() => expect(serverErrors(app)).toEqual([]));

const revoke = (kind: string, value?: string, changes: object = {}): Promise<Answer> =>
  caller.post('/revocations', { kind, value, reason: 'ticket 4711', ...changes });

interface Session {
  readonly client: TestClient;
  readonly familyId: string;
  readonly jti: string;
  readonly accessToken: string;
  /** The current one. */
  readonly refreshToken: string;
}

/** A family that has been refreshed once. */
async function session(of: TestClient = client, subject = 'u1'): Promise<Session> {
  const { familyId, refreshToken } = await startFamily(app, of, { subject });
  const { body } = await refresh(app, of, refreshToken);
  const { jti } = (await introspect(app, of, body.access_token)).body;
  return { client: of, familyId, jti, accessToken: body.access_token, refreshToken: body.refresh_token };
}

const isActive = async ({ client: of }: { client: TestClient }, token: string): Promise<boolean> =>
  (await introspect(app, of, token)).body.active;

/** Whether the access token and the refresh token of a session are active. */
async function alive(of: Session): Promise<{ accessToken: boolean; refreshToken: boolean }> {
  return { accessToken: await isActive(of, of.accessToken), refreshToken: await isActive(of, of.refreshToken) };
}

const ALIVE = { accessToken: true, refreshToken: true };
const ENDED = { accessToken: false, refreshToken: false };

describe('a revocation', () => {
  it('revoking a token revokes only that access token', async () => {
    const [one, other] = [await session(), await session()];
    const answer = await revoke('token', one.jti);
    expect(answer.status).toBe(201);
    expect(answer.body).toMatchObject({
      kind: 'token',
      value: one.jti,
      dry_run: false,
      hits: { families: 0, subjects: 0, clients: [] },
    });
    expect(await alive(one)).toEqual({ accessToken: false, refreshToken: true });
    expect(await alive(other)).toEqual(ALIVE);
  });

  it('revoking a family revokes it with its access tokens', async () => {
    const [one, other] = [await session(), await session()];
    const answer = await revoke('family', one.familyId);
    expect(answer.status).toBe(201);
    expect(answer.body.hits).toEqual({
      families: 1,
      subjects: 1,
      last_used_at: new Date(app.clock.now()).toISOString(),
      clients: [
        { client_id: client.clientId, families: 1, subjects: 1, last_used_at: new Date(app.clock.now()).toISOString() },
      ],
    });
    expect(await alive(one)).toEqual(ENDED);
    expect(await alive(other)).toEqual(ALIVE);
    expect((await refresh(app, client, one.refreshToken)).body.error).toBe('invalid_grant');
    expect((await caller.get(`/families/${one.familyId}`)).body).toMatchObject({
      state: 'revoked',
      revoked_reason: 'ticket 4711',
    });
  });

  it('revoking a family accepts its familyId in upper case', async () => {
    const one = await session();
    await revoke('family', one.familyId.toUpperCase());
    expect(await alive(one)).toEqual(ENDED);
  });

  it('revoking a subject ends all its sessions at all clients', async () => {
    const elsewhere = await confidentialClient(app);
    const anna = [await session(client, 'anna'), await session(client, 'anna'), await session(elsewhere, 'anna')];
    const bert = await session(client, 'bert');
    const { body } = await revoke('subject', 'anna');
    expect(body.hits).toMatchObject({
      families: 3,
      subjects: 1,
      clients: [
        { client_id: client.clientId, families: 2 },
        { client_id: elsewhere.clientId, families: 1 },
      ],
    });
    for (const one of anna) expect(await alive(one)).toEqual(ENDED);
    expect(await alive(bert)).toEqual(ALIVE);
  });

  it('revoking a client ends all its families and its own access tokens', async () => {
    const elsewhere = await confidentialClient(app);
    const [anna, bert, other] = [
      await session(client, 'anna'),
      await session(client, 'bert'),
      await session(elsewhere, 'anna'),
    ];
    const own = await accessToken(app, client);
    const { body } = await revoke('client', client.clientId);
    expect(body.hits).toMatchObject({
      families: 2,
      subjects: 2,
      clients: [{ client_id: client.clientId, families: 2 }],
    });
    expect(await alive(anna)).toEqual(ENDED);
    expect(await alive(bert)).toEqual(ENDED);
    expect(await isActive({ client }, own)).toBe(false);
    expect(await alive(other)).toEqual(ALIVE);
  });

  it('revoking all ends everything, including the admin’s own token; later sign-ins are not affected', async () => {
    const elsewhere = await confidentialClient(app);
    const sessions = [await session(client, 'anna'), await session(elsewhere, 'bert')];
    expect((await revoke('all')).status).toBe(201);
    for (const one of sessions) expect(await alive(one)).toEqual(ENDED);
    expect((await caller.get('/clients')).status).toBe(401);
    app.clock.advance(1);
    caller = await admin(app, caller.client);
    expect((await caller.get('/clients')).status).toBe(200);
    expect(await alive(await session(client, 'anna'))).toEqual(ALIVE);
  });

  it('a revocation hits tokens issued in the same millisecond, and no later ones', async () => {
    const before = await accessToken(app, client);
    await revoke('client', client.clientId);
    expect(await isActive({ client }, before)).toBe(false);
    app.clock.advance(1);
    expect(await isActive({ client }, await accessToken(app, client))).toBe(true);
  });

  it.each([
    ['family', randomUUID()],
    ['subject', 'nobody'],
    ['client', 'nobody'],
  ])('revoking a %s that does not exist is a 404, and nothing is stored', async (kind, value) => {
    const before = (await caller.get('/revocations?limit=1')).body.items;
    for (const changes of [{}, { dry_run: true }]) {
      const answer = await revoke(kind, value, changes);
      expect(answer.status).toBe(404);
      expect(answer.body.detail).toContain(JSON.stringify(value));
    }
    expect((await caller.get('/revocations?limit=1')).body.items).toEqual(before);
  });

  it('revoking a subject accepts the username of a user', async () => {
    const { subject } = (await caller.post('/users', { username: 'Wilma' })).body;
    const one = await session(client, subject as string);
    const { body } = await revoke('subject', 'wilma');
    expect(body).toMatchObject({ value: subject, hits: { families: 1 } });
    expect(await alive(one)).toEqual(ENDED);
  });

  it('a revocation counts only live families', async () => {
    const shortLived = await confidentialClient(app, { idleTtlSeconds: 60 });
    await session(shortLived, 'counted');
    const revoked = await session(client, 'counted');
    await revoke('family', revoked.familyId);
    app.clock.advanceSeconds(61);
    caller = await admin(app);
    await session(client, 'counted');
    const preview = await revoke('subject', 'counted', { dry_run: true });
    expect(preview.body.hits.families).toBe(1);
    expect((await revoke('subject', 'counted')).body.hits).toEqual(preview.body.hits);
    expect((await revoke('subject', 'counted')).body.hits.families).toBe(0);
  });

  it('a revocation is in the audit log: what, why, by whom, and how many it hit', async () => {
    await session(client, 'proved');
    const answer = await revoke('subject', 'proved');
    expect(await auditOf(app, answer)).toMatchObject([
      {
        event: 'revocation.created',
        subject: 'proved',
        reason: 'ticket 4711',
        actor: `client:${caller.client.clientId}`,
        detail: { revocation_id: answer.body.id, kind: 'subject', families: 1, subjects: 1 },
      },
    ]);
  });
});

describe('a dry run', () => {
  it.each(['token', 'family', 'subject', 'client', 'all'])(
    'a dry run of kind %s reports the hits and changes nothing',
    async (kind) => {
      const one = await session(client, 'dry');
      const value = { token: one.jti, family: one.familyId, subject: 'dry', client: client.clientId, all: undefined }[
        kind
      ];
      const before = (await caller.get('/revocations')).body;
      const answer = await revoke(kind, value, { dry_run: true });
      expect(answer.status).toBe(200);
      expect(answer.body).toMatchObject({ kind, dry_run: true });
      expect(answer.body).not.toHaveProperty('id');
      expect(answer.body).not.toHaveProperty('not_before');
      expect(await alive(one)).toEqual(ALIVE);
      expect((await caller.get('/revocations')).body).toEqual(before);
      expect(await auditOf(app, answer)).toEqual([]);
      expect((await caller.get(`/families/${one.familyId}`)).body.state).toBe('active');
    },
  );

  it('a dry run reports the same hits as the revocation', async () => {
    const elsewhere = await confidentialClient(app);
    for (const subject of ['x', 'y', 'y']) await session(elsewhere, subject);
    const preview = await revoke('client', elsewhere.clientId, { dry_run: true });
    expect(preview.body.hits).toMatchObject({ families: 3, subjects: 2 });
    expect((await revoke('client', elsewhere.clientId)).body.hits).toEqual(preview.body.hits);
  });

  it('a confirmed revocation fails and revokes nothing if it would hit more than was previewed', async () => {
    const elsewhere = await confidentialClient(app);
    const first = await session(elsewhere, 'x');
    const { confirmation } = (await revoke('client', elsewhere.clientId, { dry_run: true })).body;
    await session(elsewhere, 'y');
    const refused = await revoke('client', elsewhere.clientId, { confirmation });
    expect(refused.status).toBe(409);
    expect(refused.body.detail).toContain('would end 2 families, 1 when it was previewed');
    expect((await caller.get(`/families/${first.familyId}`)).body.state).toBe('active');
    const again = (await revoke('client', elsewhere.clientId, { dry_run: true })).body.confirmation as string;
    const answers = await Promise.all(
      [1, 2, 3].map(() => revoke('client', elsewhere.clientId, { confirmation: again })),
    );
    expect(answers.map(({ status }) => status)).toEqual([201, 201, 201]);
    expect(answers.map(({ body }) => body.hits.families as number).sort()).toEqual([0, 0, 2]);
  });

  it('a confirmation is for one revocation only, and not to be forged', async () => {
    const { confirmation } = (await revoke('client', client.clientId, { dry_run: true })).body;
    const other = await confidentialClient(app);
    for (const [id, value] of [
      [other.clientId, confirmation],
      [client.clientId, `${confirmation}A`],
      [client.clientId, 'x'],
    ]) {
      expect(wrongFields(await revoke('client', id, { confirmation: value }))).toEqual(['confirmation']);
    }
  });
});

describe('the value of a revocation', () => {
  const future = (): string => {
    const hex = (app.clock.now() + 3_600_000).toString(16).padStart(12, '0');
    return `${hex.slice(0, 8)}-${hex.slice(8)}-7000-8000-000000000000`;
  };

  it.each<[kind: string, value: () => unknown]>([
    ['token', () => undefined],
    ['token', () => 'not-a-jti'],
    ['token', () => randomUUID()],
    ['token', future],
    ['family', () => ''],
    ['family', () => 'x'],
    ['family', () => 4711],
    ['subject', () => ''],
    ['subject', () => undefined],
    ['subject', () => 'a\nb'],
    ['subject', () => 'x'.repeat(256)],
    ['subject', () => ({ $ne: 'x' })],
    ['client', () => ''],
    ['client', () => undefined],
    ['client', () => null],
    ['all', () => 'everything'],
  ])('the value of a revocation of kind %s is validated (case %#)', async (kind, value) => {
    const one = await session();
    const answer = await caller.post('/revocations', { kind, value: value(), reason: 'x' });
    expect(answer.status).toBe(400);
    expect(wrongFields(answer)).toEqual(['value']);
    expect(await alive(one)).toEqual(ALIVE);
  });

  it('a token itself is refused as a value, because it would be stored in the database', async () => {
    const one = await session();
    for (const value of [one.accessToken, one.refreshToken]) {
      for (const kind of ['token', 'family']) expect((await revoke(kind, value)).status).toBe(400);
    }
    expect(await alive(one)).toEqual(ALIVE);
  });

  it.each([
    { kind: 'everything', reason: 'x' },
    { kind: 'ALL', reason: 'x' },
    { reason: 'x' },
    { kind: 'all' },
    { kind: 'all', reason: '' },
    { kind: 'all', reason: 'x'.repeat(201) },
    { kind: 'all', reason: 'x', dry_run: 'true' },
    { kind: 'all', reason: 'x', dry_run: null },
    { kind: ['all'], reason: 'x' },
  ])('the other members of a revocation are required and validated: %j', async (body) => {
    const one = await session();
    expect((await caller.post('/revocations', body)).status).toBe(400);
    expect(await alive(one)).toEqual(ALIVE);
  });
});

describe('the list of revocations', () => {
  it('the revocation list is paged, newest first, and includes revocations by clients', async () => {
    const values = ['l1', 'l2', 'l3'];
    for (const value of values) {
      await startFamily(app, client, { subject: value });
      await revoke('subject', value);
    }
    const first = (await caller.get('/revocations?limit=2')).body;
    const second = (await caller.get(`/revocations?limit=2&cursor=${first.next_cursor}`)).body;
    expect([...first.items, ...second.items].slice(0, 3)).toMatchObject(
      values.reverse().map((value) => ({
        kind: 'subject',
        value,
        reason: 'ticket 4711',
        actor: `client:${caller.client.clientId}`,
        not_before: new Date(app.clock.now() + 1).toISOString(),
      })),
    );
  });
});

describe('a revocation in the middle of refreshing', () => {
  it('revoking a subject during refreshes leaves no session alive and no request without an answer', async () => {
    const sessions = await Promise.all(Array.from({ length: 12 }, () => session(client, 'racing')));
    const answers: Answer[] = [];
    const tokens = sessions.map(({ refreshToken }) => refreshToken);
    let isOver = false;
    const loops = sessions.map(async (_, index) => {
      while (!isOver) {
        const answer = await refresh(app, client, tokens[index]!);
        answers.push(answer);
        if (answer.status !== 200) return;
        tokens[index] = answer.body.refresh_token as string;
      }
    });
    const revocation = await revoke('subject', 'racing');
    isOver = true;
    await Promise.all(loops);

    expect(revocation.body.hits.families).toBe(12);
    expect(answers.filter(({ status }) => status !== 200 && status !== 400)).toEqual([]);
    for (const token of tokens) expect((await refresh(app, client, token)).body.error).toBe('invalid_grant');
    for (const { body } of answers.filter(({ status }) => status === 200)) {
      expect(await isActive({ client }, body.access_token)).toBe(false);
    }
  });

  it('two concurrent revocations of the same subject both succeed', async () => {
    const one = await session(client, 'twice');
    const answers = await Promise.all([
      revoke('subject', 'twice'),
      revoke('family', one.familyId),
      revoke('client', client.clientId),
      revoke('token', one.jti),
    ]);
    expect(answers.map(({ status }) => status)).toEqual([201, 201, 201, 201]);
    expect(await alive(one)).toEqual(ENDED);
  });
});
