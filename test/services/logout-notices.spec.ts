/** Back-channel logout on a real PostgreSQL: the contract, and tests that need many connections. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DataSource } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { migrate } from '../../src/platform/database/migrate.js';
import { migrations } from '../../src/platform/database/migrations.js';
import { LogoutDeliveryWorker } from '../../src/sign-out/logout-delivery.worker.js';
import { LEASE_MS } from '../../src/sign-out/logout-notice.js';
import { SignOut } from '../../src/sign-out/sign-out.service.js';
import { logoutEntities, logoutNoticesContract } from '../repositories/logout-notices.contract.js';
import type { TestClient } from '../support/clients.js';
import { LogoutReceiver } from '../support/logout-receiver.js';
import { introspect } from '../support/requests.js';
import { aUser, signInAndExchange, webClient } from '../support/sign-in.js';
import { startApp, type TestApp } from '../support/test-app.js';
import { freshDatabase } from '../support/test-servers.js';
import { Visitor } from '../support/visitor.js';

describe('the outbox of back-channel logout, on PostgreSQL', () => {
  let release = async (): Promise<void> => undefined;
  logoutNoticesContract(async () => {
    const database = await freshDatabase();
    release = () => database.release();
    const options = {
      type: 'postgres',
      url: database.url,
      poolSize: 10,
      migrations,
      entities: logoutEntities,
    } as const;
    const dataSource = await new DataSource(options).initialize();
    await migrate(dataSource);
    return dataSource;
  });
  afterAll(() => release());
});

describe('two replicas', () => {
  let database: Awaited<ReturnType<typeof freshDatabase>>;
  let replicas: TestApp[];
  let receiver: LogoutReceiver;
  let clients: TestClient[];

  beforeAll(async () => {
    database = await freshDatabase();
    const one = await startApp({ environment: { DATABASE_URL: database.url } });
    replicas = [one, await startApp({ environment: { DATABASE_URL: database.url }, clock: one.clock })];
    receiver = await LogoutReceiver.start();
    const registration = { backchannelLogoutUri: receiver.uri, mayIntrospect: true };
    clients = [await webClient(one, registration), await webClient(one, registration)];
  });
  afterAll(async () => {
    await receiver.stop();
    await Promise.all(replicas.map((replica) => replica.close()));
    await database.release();
  });

  it('two replicas that sign out the same session at once end it once, and notify each client once', async () => {
    const [one] = replicas as [TestApp];
    const [user, visitor] = [await aUser(one), new Visitor(one)];
    const tokens: string[] = [];
    for (const client of [...clients, ...clients]) {
      const { body } = await signInAndExchange(one, client, user, { scope: 'openid read' }, visitor);
      tokens.push(body.access_token as string);
    }
    const [session] = await one.database.query<[{ id: string; subject: string }]>(
      'SELECT id, subject FROM login_sessions WHERE subject = $1',
      [user.subject],
    );
    const origin = { actor: 'test', correlationId: uuidv7() };
    const signOuts = Array.from({ length: 6 }, (_, index) => replicas[index % 2]!.nest.get(SignOut, { strict: false }));
    await Promise.all(signOuts.map((signOut) => signOut.signOut(session, 'test', origin)));
    for (const token of tokens) {
      for (const replica of replicas)
        expect((await introspect(replica, clients[0]!, token)).text).toBe('{"active":false}');
    }
    await Promise.all(replicas.map(({ nest }) => nest.get(LogoutDeliveryWorker, { strict: false }).run()));
    expect(receiver.received).toHaveLength(2);
    expect(
      await one.database.query('SELECT detail FROM audit_events WHERE correlation_id = $1', [origin.correlationId]),
    ).toEqual([{ detail: { families: 4, notices: 2 } }]);
    expect(await one.database.query('SELECT 1 FROM logout_notices')).toEqual([]);
  });

  it('two replicas deliver a thousand notices, none twice unless it was retried', async () => {
    const [one] = replicas as [TestApp];
    const before = receiver.received.length;
    await one.database.query(
      `INSERT INTO logout_notices (id, client_id, subject, session_id, created_at, attempts, next_attempt_at, expires_at)
       SELECT gen_random_uuid(), ($1::text[])[1 + n % 2], 'thousand', gen_random_uuid(), $2, 0, $2, $3 FROM generate_series(1, 1000) n`,
      [clients.map(({ clientId }) => clientId), new Date(one.clock.now()), new Date(one.clock.now() + 3_600_000)],
    );
    const left = async (): Promise<number> => {
      const [row] = await one.database.query<[{ left: number }]>(
        `SELECT count(*)::int AS left FROM logout_notices WHERE subject = 'thousand'`,
      );
      return row.left;
    };
    // On a busy machine a delivery may fail several times, with increasing delays.
    for (let rounds = 0; rounds < 60 && (await left()) > 0; rounds += 1) {
      await Promise.all(replicas.map(({ nest }) => nest.get(LogoutDeliveryWorker, { strict: false }).run()));
      one.clock.advance(LEASE_MS);
    }
    expect(await left()).toBe(0);
    const trail = await one.database.query<{ event: string; sid: string; detail: { attempts: number } }[]>(
      `SELECT event, sid, detail FROM audit_events WHERE subject = 'thousand'`,
    );
    expect(new Set(trail.map(({ event }) => event))).toEqual(new Set(['logout.delivered']));
    expect([trail.length, new Set(trail.map(({ sid }) => sid)).size]).toEqual([1000, 1000]);
    const attempts = trail.reduce((sum, { detail }) => sum + detail.attempts, 0);
    const received = receiver.received.length - before;
    expect(received).toBeGreaterThanOrEqual(1000);
    expect(received).toBeLessThanOrEqual(attempts);
  });
});
