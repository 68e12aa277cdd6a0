/** The audit log in the admin API: its filters and pages. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { EVENTS_PER_PAGE } from '../../src/platform/audit/audit-search.repository.js';
import { admin, column, type Admin } from '../support/admin.js';
import { confidentialClient, startFamily } from '../support/clients.js';
import { serverErrors } from '../support/expectations.js';
import { refresh, revoke } from '../support/requests.js';
import { startApp, type TestApp } from '../support/test-app.js';

let app: TestApp;
let caller: Admin;

beforeAll(async () => {
  app = await startApp();
  caller = await admin(app);
});
afterAll(() => app.close());
afterEach(() => expect(serverErrors(app)).toEqual([]));

interface Event {
  readonly id: string;
  readonly at: string;
  readonly event: string;
  readonly client_id?: string;
}

const page = async (query: Record<string, string>): Promise<{ items: Event[]; next_cursor?: string }> => {
  const answer = await caller.get(`/audit?${new URLSearchParams(query).toString()}`);
  expect(answer.status).toBe(200);
  return answer.body;
};

/** All pages, and how many there were. */
async function search(query: Record<string, string>): Promise<{ events: Event[]; pages: number }> {
  const events: Event[] = [];
  for (let pages = 1, cursor: string | undefined; ; pages++) {
    const { items, next_cursor } = await page({ ...query, ...(cursor !== undefined && { cursor }) });
    events.push(...items);
    if (next_cursor === undefined) return { events, pages };
    cursor = next_cursor;
  }
}

const names = (events: readonly Event[]): string[] => events.map(({ event }) => event);

const at = (milliseconds: number): string => new Date(milliseconds).toISOString();

describe('a session', () => {
  it('[120] a session leaves audit events that are found by its family_id, its subject, and its requests', async () => {
    const client = await confidentialClient(app);
    const { familyId, refreshToken } = await startFamily(app, client, { subject: 'trailed' });
    const first = await refresh(app, client, refreshToken);
    await refresh(app, client, refreshToken);
    app.clock.advanceSeconds(61);
    const reuse = await refresh(app, client, refreshToken);
    caller = await admin(app);

    const trail = ['refresh.refused', 'refresh.reused', 'refresh.retried', 'refresh.rotated', 'family.started'];
    const expected = trail.filter((event) => event !== 'refresh.refused');
    expect(names((await page({ family_id: familyId })).items)).toEqual(expected);
    expect(names((await page({ subject: 'trailed' })).items)).toEqual(expected);
    expect(names((await page({ subject: 'trailed', event: 'refresh.retried' })).items)).toEqual(['refresh.retried']);
    expect(names((await page({ family_id: familyId, client_id: client.clientId })).items)).toEqual(expected);
    expect((await page({ family_id: familyId, client_id: caller.client.clientId })).items).toEqual([]);
    const correlationId = reuse.headers.get('x-correlation-id')!;
    expect((await page({ correlation_id: correlationId })).items).toMatchObject([
      {
        event: 'refresh.reused',
        family_id: familyId,
        subject: 'trailed',
        client_id: client.clientId,
        correlation_id: correlationId,
      },
    ]);
    expect(first.status).toBe(200);
  });

  it('[144] a retry, a reuse and a revocation are three different audit events', async () => {
    const client = await confidentialClient(app);
    const [retried, stolen, ended] = [
      await startFamily(app, client, { subject: 'three' }),
      await startFamily(app, client, { subject: 'three' }),
      await startFamily(app, client, { subject: 'three' }),
    ];
    for (const { refreshToken } of [retried, stolen]) await refresh(app, client, refreshToken);
    await refresh(app, client, retried.refreshToken);
    await revoke(app, client, ended.refreshToken);
    app.clock.advanceSeconds(61);
    await refresh(app, client, stolen.refreshToken);
    caller = await admin(app);
    const events = async (familyId: string) => names((await page({ family_id: familyId })).items);
    expect(await events(retried.familyId)).toEqual(['refresh.retried', 'refresh.rotated', 'family.started']);
    expect(await events(stolen.familyId)).toEqual(['refresh.reused', 'refresh.rotated', 'family.started']);
    expect(await events(ended.familyId)).toEqual(['revocation.created', 'family.started']);
  });
});

describe('a filter', () => {
  it('events are found by actor, reason and address', async () => {
    const client = await confidentialClient(app);
    const { refreshToken } = await startFamily(app, client);
    await refresh(app, client, refreshToken);
    await refresh(app, client, 'nonsense');
    const events = async (query: string) =>
      column(await caller.get(`/audit?client_id=${client.clientId}&${query}`), 'event');
    expect(await events('reason=malformed')).toEqual(['refresh.refused']);
    expect(await events('source=127.0.0.1')).toEqual(['refresh.refused', 'refresh.rotated']);
    expect(await events('source=192.0.2.1')).toEqual([]);
    expect(await events('actor=test')).toEqual(['family.started', 'client.created']);
  });
});

describe('a page', () => {
  it('pages hold the newest events first, and together hold each event once', async () => {
    const whole = await search({ limit: '200' });
    const cut = await search({ limit: '3' });
    expect(cut.events).toEqual(whole.events);
    expect(cut.pages).toBe(Math.ceil(whole.events.length / 3));
    const ids = whole.events.map(({ id }) => BigInt(id));
    expect(ids).toEqual([...ids].sort((one, other) => (one < other ? 1 : -1)));
  });

  it('events written meanwhile do not shift the next page', async () => {
    const before = (await page({ limit: '10' })).items;
    const first = await page({ limit: '5' });
    await confidentialClient(app);
    const second = await page({ limit: '5', cursor: first.next_cursor! });
    expect([...first.items, ...second.items]).toEqual(before);
  });
});

describe('a long audit log', () => {
  const LONG = EVENTS_PER_PAGE * 2;
  const HOUR_MS = 3_600_000;
  let start: number;

  /** One event a second for some hours; the client `rare` has the first and the last of them, `client-n` each seventh. */
  beforeAll(async () => {
    app.clock.advanceSeconds(86_400);
    start = app.clock.now();
    await app.database.query(
      `INSERT INTO audit_events (at, event, client_id)
       SELECT $1::timestamptz + n * interval '1 second', 'token.issued',
         CASE WHEN n IN (0, $2::int - 1) THEN 'rare' ELSE 'client-' || n % 7 END
       FROM generate_series(0, $2::int - 1) AS n`,
      [new Date(start), LONG],
    );
    app.clock.advanceSeconds(LONG + 86_400);
    caller = await admin(app);
  });

  it('events without an index are found by following the cursor, however far away they are', async () => {
    const { events, pages } = await search({ client_id: 'rare' });
    expect(events.map((event) => event.at)).toEqual([at(start + (LONG - 1) * 1000), at(start)]);
    expect(pages).toBeGreaterThan(2);
    expect(pages).toBeLessThan(6);
  });

  it('a page without a match in its stretch is empty, but not the last', async () => {
    const first = await page({ client_id: 'nobody' });
    expect(first.items).toEqual([]);
    expect(first.next_cursor).toBeDefined();
    expect((await search({ client_id: 'nobody' })).events).toEqual([]);
  });

  it('a page of frequent events is full', async () => {
    const { items } = await page({ client_id: 'client-3', limit: '200' });
    expect(items).toHaveLength(200);
    expect(new Set(items.map((event) => event.client_id))).toEqual(new Set(['client-3']));
  });

  it.each([0, 1, LONG / 2, LONG - 2])('a time is found at once, to the second (%d s in)', async (offset) => {
    const from = start + offset * 1000;
    const { items } = await page({ from: at(from), to: at(from + 2000), limit: '10' });
    expect(items.map((event) => event.at)).toEqual([at(from + 1000), at(from)]);
  });

  it('a time and a client are found together, even if the client alone is far away', async () => {
    const { items, next_cursor } = await page({ client_id: 'rare', from: at(start), to: at(start + HOUR_MS) });
    expect(items.map((event) => event.at)).toEqual([at(start)]);
    expect(next_cursor).toBeUndefined();
  });

  it('from and to may be used alone', async () => {
    const last = start + (LONG - 1) * 1000;
    expect((await search({ client_id: 'rare', from: at(start + 1) })).events.map((event) => event.at)).toEqual([
      at(last),
    ]);
    expect((await search({ client_id: 'rare', to: at(last) })).events.map((event) => event.at)).toEqual([at(start)]);
  });

  it('a time without events has an empty page', async () => {
    const empty = start - HOUR_MS;
    expect(await page({ from: at(empty), to: at(empty + 60_000) })).toEqual({ items: [] });
    expect(await page({ from: at(app.clock.now() + HOUR_MS) })).toEqual({ items: [] });
    expect(await page({ to: '1999-01-01T00:00:00Z' })).toEqual({ items: [] });
    expect(await page({ from: at(start + 1000), to: at(start) })).toEqual({ items: [] });
  });

  it('a time with another UTC offset means the same moment', async () => {
    const local = at(start + 7_200_000).replace('Z', '+02:00');
    const { items } = await page({ from: local, to: at(start + 1000) });
    expect(items.map((event) => event.at)).toEqual([at(start)]);
  });
});
