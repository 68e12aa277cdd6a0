/** The contract of the back-channel logout outbox, with real receivers, run by one spec per database. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { jwtVerify, type JWTPayload } from 'jose';
import type { DataSource } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { AuditEventEntity } from '../../src/platform/audit/audit-event.entity.js';
import { AuditSearchRepository } from '../../src/platform/audit/audit-search.repository.js';
import { AuditService } from '../../src/platform/audit/audit.service.js';
import { AuditRepository } from '../../src/platform/audit/audit.repository.js';
import { ClientDirectory } from '../../src/clients/client-directory.service.js';
import { ClientEntity } from '../../src/clients/client.entity.js';
import { ClientSecretEntity } from '../../src/clients/client-secret.entity.js';
import { ClientRepository } from '../../src/clients/client.repository.js';
import { loadConfig } from '../../src/platform/config/load-config.js';
import type { KeyRing } from '../../src/keys/key-ring.service.js';
import { generateSigningKey, type SigningKey } from '../../src/keys/signing-key.js';
import { BackchannelRequest } from '../../src/sign-out/backchannel-request.service.js';
import { LogoutDeliveryWorker } from '../../src/sign-out/logout-delivery.worker.js';
import { LEASE_MS, NOTICE_LIFETIME_MS } from '../../src/sign-out/logout-notice.js';
import { LogoutNoticeEntity } from '../../src/sign-out/logout-notice.entity.js';
import { LogoutNotices } from '../../src/sign-out/logout-notices.service.js';
import { LogoutNoticesRepository } from '../../src/sign-out/logout-notices.repository.js';
import { LogoutTokens } from '../../src/sign-out/logout-token.service.js';
import { builtInScopes } from '../../src/oauth/scope-definition.js';
import type { ScopeCatalog } from '../../src/scopes/scope-catalog.service.js';
import { Metrics } from '../../src/platform/metrics/metrics.js';
import { LogoutReceiver, silence, status } from '../support/logout-receiver.js';
import { TEST_SECRET } from '../support/test-app.js';
import { outgoingRequests } from '../support/outgoing-requests.js';
import { TestClock } from '../support/test-clock.js';
import { insertClient, NOW, rotationEntities } from './rotation.contract.js';

export const logoutEntities = [...rotationEntities, ClientSecretEntity, AuditEventEntity, LogoutNoticeEntity];

const ISSUER = 'http://rekey.test';
const HOUR = 3_600_000;

export function logoutNoticesContract(open: () => Promise<DataSource>): void {
  let dataSource: DataSource;
  let clock: TestClock;
  let key: SigningKey;
  let receiver: LogoutReceiver;
  let metrics: Metrics;
  const others: LogoutReceiver[] = [];

  beforeAll(async () => {
    Logger.overrideLogger(false);
    [dataSource, key] = await Promise.all([open(), generateSigningKey('ES256')]);
  });
  afterAll(() => dataSource.destroy());
  beforeEach(async () => {
    await dataSource.query('DELETE FROM logout_notices');
    await dataSource.query('DELETE FROM audit_events');
    clock = new TestClock(NOW);
    metrics = new Metrics();
    receiver = await LogoutReceiver.start();
  });
  afterEach(async () => {
    await Promise.all([receiver, ...others.splice(0)].map((each) => each.stop()));
  });

  const config = loadConfig({ NODE_ENV: 'test', REKEY_SECRET: TEST_SECRET, REKEY_ISSUER: ISSUER });

  function parts() {
    const audit = new AuditService(
      new AuditRepository(dataSource.getRepository(AuditEventEntity), config),
      new AuditSearchRepository(dataSource.getRepository(AuditEventEntity)),
      config,
    );
    const notices = new LogoutNotices(
      dataSource,
      new LogoutNoticesRepository(dataSource.getRepository(LogoutNoticeEntity)),
      audit,
      clock,
    );
    const tokens = new LogoutTokens({ signingKey: () => key } as unknown as KeyRing, config, clock);
    const clients = new ClientDirectory(
      new ClientRepository(dataSource.getRepository(ClientEntity), dataSource.getRepository(ClientSecretEntity)),
      { definitions: () => builtInScopes } as unknown as ScopeCatalog,
      clock,
    );
    const worker = new LogoutDeliveryWorker(
      notices,
      tokens,
      new BackchannelRequest(outgoingRequests()),
      clients,
      metrics,
      clock,
    );
    return { notices, worker };
  }

  const add = async (clientIds: string[], session = { id: uuidv7(), subject: 'u1' }) => {
    const notices = clientIds.map((clientId) => ({ clientId, subject: session.subject, sessionId: session.id }));
    const told = await dataSource.transaction((manager) => parts().notices.add(notices, manager));
    return { session, told };
  };

  const waiting = async (): Promise<{ attempts: number; next_attempt_at: Date }[]> =>
    dataSource.query('SELECT attempts, next_attempt_at FROM logout_notices ORDER BY id');

  const trail = async (): Promise<unknown[]> =>
    dataSource.query('SELECT event, reason, client_id, subject, sid, detail FROM audit_events ORDER BY id');

  const clientOf = (backchannelLogoutUri: string | null) => insertClient(dataSource, { backchannelLogoutUri });

  const outcomes = async (): Promise<Record<string, number>> => {
    const { values } = await metrics.logoutDeliveries.get();
    return Object.fromEntries(values.map(({ labels, value }) => [labels.outcome, value]));
  };

  const claimsOf = async (token: string): Promise<JWTPayload> =>
    (await jwtVerify(token, key.publicKey, { typ: 'logout+jwt', currentDate: new Date(clock.now()) })).payload;

  describe('a notice', () => {
    it('a notice is created for each client that has a back-channel logout URI, and for no other', async () => {
      const clients = [await clientOf(receiver.uri), await clientOf(receiver.uri)];
      const deleted = await insertClient(dataSource, { backchannelLogoutUri: receiver.uri, deletedAt: new Date(NOW) });
      const { session, told } = await add([...clients, await clientOf(null), deleted, 'nobody']);
      expect(told).toEqual([session.id, session.id]);
      expect(await waiting()).toHaveLength(2);
    });

    it('a notice is a form with a signed logout token; it is delivered once and deleted', async () => {
      const clientId = await clientOf(receiver.uri);
      const { session } = await add([clientId]);
      await parts().worker.run();
      await parts().worker.run();
      expect(receiver.received).toMatchObject([
        { method: 'POST', path: '/backchannel-logout', contentType: 'application/x-www-form-urlencoded' },
      ]);
      expect([...receiver.received[0]!.form.keys()]).toEqual(['logout_token']);
      const iat = NOW / 1000;
      expect(await claimsOf(receiver.tokens[0]!)).toEqual({
        iss: ISSUER,
        aud: clientId,
        iat,
        exp: iat + 120,
        jti: expect.stringMatching(/^[0-9a-f-]{36}$/),
        sub: 'u1',
        sid: session.id,
        events: { 'http://schemas.openid.net/event/backchannel-logout': {} },
      });
      expect(await waiting()).toEqual([]);
      expect(await trail()).toEqual([
        {
          event: 'logout.delivered',
          reason: null,
          client_id: clientId,
          subject: 'u1',
          sid: session.id,
          detail: { attempts: 1 },
        },
      ]);
      expect(await outcomes()).toEqual({ delivered: 1 });
    });

    it('a 204 counts as delivered', async () => {
      receiver.answer = status(204);
      await add([await clientOf(receiver.uri)]);
      await parts().worker.run();
      expect(await waiting()).toEqual([]);
    });
  });

  describe('a delivery that fails', () => {
    it.each([400, 404, 500, 503])(
      'a delivery that fails with %d is retried with increasing delays until it succeeds',
      async (code) => {
        receiver.answer = status(code);
        await add([await clientOf(receiver.uri)]);
        const { worker } = parts();
        await worker.run();
        await worker.run();
        expect(receiver.received).toHaveLength(1);
        const [first] = await waiting();
        const firstDelay = first!.next_attempt_at.getTime() - clock.now();
        expect(firstDelay).toBeGreaterThanOrEqual(2500);
        expect(firstDelay).toBeLessThanOrEqual(5000);
        clock.advance(firstDelay);
        await worker.run();
        expect(receiver.received).toHaveLength(2);
        const [second] = await waiting();
        expect(second).toMatchObject({ attempts: 2 });
        expect(second!.next_attempt_at.getTime() - clock.now()).toBeGreaterThanOrEqual(5000);
        receiver.answer = status(200);
        clock.advance(10_000);
        await worker.run();
        expect(receiver.received).toHaveLength(3);
        expect(await waiting()).toEqual([]);
        expect(await outcomes()).toEqual({ failed: 2, delivered: 1 });
        const ids = await Promise.all(receiver.tokens.map(async (token) => (await claimsOfAnyTime(token)).jti));
        expect(new Set(ids).size).toBe(3);
      },
    );

    it('a delivery without a listener is retried until there is one', async () => {
      const away = await LogoutReceiver.start();
      const { uri } = away;
      await away.stop();
      const clientId = await clientOf(uri);
      await add([clientId]);
      await parts().worker.run();
      expect(await waiting()).toMatchObject([{ attempts: 1 }]);
      await dataSource.query('UPDATE clients SET backchannel_logout_uri = $2 WHERE client_id = $1', [
        clientId,
        receiver.uri,
      ]);
      clock.advance(5000);
      await parts().worker.run();
      expect(receiver.received).toHaveLength(1);
      expect(await trail()).toMatchObject([{ event: 'logout.delivered', detail: { attempts: 2 } }]);
    });

    it('a delivery does not follow redirects', async () => {
      const elsewhere = await LogoutReceiver.start();
      others.push(elsewhere);
      for (const code of [301, 302, 303, 307, 308]) {
        receiver.answer = status(code, { location: elsewhere.uri });
        await dataSource.query('DELETE FROM logout_notices');
        await add([await clientOf(receiver.uri)]);
        await parts().worker.run();
        expect(await waiting()).toMatchObject([{ attempts: 1 }]);
      }
      expect(receiver.received).toHaveLength(5);
      expect(elsewhere.received).toEqual([]);
    });

    it('a delivery that fails for a day is given up, and the audit log says why', async () => {
      receiver.answer = status(500);
      const clientId = await clientOf(receiver.uri);
      const { session } = await add([clientId]);
      const { worker } = parts();
      for (let [next] = await waiting(); next; [next] = await waiting()) {
        clock.advance(next.next_attempt_at.getTime() - clock.now());
        await worker.run();
      }
      expect(clock.now()).toBeGreaterThan(NOW + NOTICE_LIFETIME_MS - 2 * HOUR);
      expect(clock.now()).toBeLessThan(NOW + NOTICE_LIFETIME_MS);
      const attempts = receiver.received.length;
      expect(await trail()).toEqual([
        {
          event: 'logout.undelivered',
          reason: 'http_500',
          client_id: clientId,
          subject: 'u1',
          sid: session.id,
          detail: { attempts },
        },
      ]);
      expect(await outcomes()).toEqual({ failed: attempts - 1, given_up: 1 });
    });

    it('a notice that expired while the service was down is tried once', async () => {
      receiver.answer = status(500);
      await add([await clientOf(receiver.uri)]);
      clock.advance(2 * NOTICE_LIFETIME_MS);
      await parts().worker.run();
      expect(receiver.received).toHaveLength(1);
      expect(await waiting()).toEqual([]);
      expect(await trail()).toMatchObject([{ event: 'logout.undelivered', detail: { attempts: 1 } }]);
    });

    it('a notice whose processes all died is given up after a day, too', async () => {
      await add([await clientOf(receiver.uri)]);
      await parts().notices.lease(10, 10, []);
      clock.advance(NOTICE_LIFETIME_MS);
      await parts().worker.run();
      expect(receiver.received).toEqual([]);
      expect(await trail()).toMatchObject([
        { event: 'logout.undelivered', reason: 'expired', detail: { attempts: 2 } },
      ]);
    });

    it('a notice for a client that has lost its endpoint is given up at once', async () => {
      const clientId = await clientOf(receiver.uri);
      await add([clientId]);
      await dataSource.query('UPDATE clients SET backchannel_logout_uri = NULL WHERE client_id = $1', [clientId]);
      await parts().worker.run();
      expect(await waiting()).toEqual([]);
      expect(await trail()).toMatchObject([{ event: 'logout.undelivered', reason: 'no_backchannel_logout_uri' }]);
    });
  });

  describe('a client that does not answer', () => {
    it('a client that does not answer delays no other client, and gets four concurrent requests at most', async () => {
      receiver.answer = silence;
      const slow = await clientOf(receiver.uri);
      for (let index = 0; index < 60; index += 1) await add([slow]);
      clock.advance(1);
      const quick = await LogoutReceiver.start();
      others.push(quick);
      await add([await clientOf(quick.uri), await clientOf(quick.uri)]);
      const { worker } = parts();
      worker.wake();
      await quick.hasReceived(2);
      await receiver.hasReceived(4);
      expect(receiver.received).toHaveLength(4);
      // Ends the four requests, so that the worker can finish.
      await dataSource.query('DELETE FROM logout_notices');
      await receiver.stop();
      await worker.onApplicationShutdown();
      expect(receiver.received).toHaveLength(4);
    });

    it('a client that does not answer is abandoned after five seconds, and asked again later', async () => {
      receiver.answer = silence;
      await add([await clientOf(receiver.uri)]);
      const startedAt = performance.now();
      await parts().worker.run();
      expect(performance.now() - startedAt).toBeLessThan(LEASE_MS);
      expect(await waiting()).toMatchObject([{ attempts: 1 }]);
      expect(await trail()).toEqual([]);
    });

    it('an endless response is not read to its end', async () => {
      receiver.answer = (response) => {
        response.writeHead(200, { 'content-type': 'application/json' });
        const chunk = Buffer.alloc(65_536, 'x');
        const go = (): void => {
          while (!response.destroyed && response.write(chunk));
          if (!response.destroyed) response.once('drain', go);
        };
        go();
      };
      await add([await clientOf(receiver.uri)]);
      await parts().worker.run();
      expect(await waiting()).toEqual([]);
    });
  });

  describe('two workers', () => {
    it('two workers deliver each notice once', async () => {
      const clients = await Promise.all(Array.from({ length: 5 }, () => clientOf(receiver.uri)));
      for (let index = 0; index < 20; index += 1) await add(clients);
      await Promise.all([parts(), parts(), parts()].map(({ worker }) => worker.run()));
      expect(receiver.received).toHaveLength(100);
      expect(await waiting()).toEqual([]);
      expect(await trail()).toHaveLength(100);
    });

    it('if one worker dies with a notice, the other delivers it when the lease ends', async () => {
      const clientId = await clientOf(receiver.uri);
      await add([clientId]);
      const inHand = await parts().notices.lease(10, 10, []);
      expect(inHand).toMatchObject([{ clientId, attempts: 1 }]);
      await parts().worker.run();
      expect(receiver.received).toEqual([]);
      clock.advance(LEASE_MS);
      await parts().worker.run();
      expect(receiver.received).toHaveLength(1);
      expect(await trail()).toMatchObject([{ event: 'logout.delivered', detail: { attempts: 2 } }]);
    });

    it('a slow worker cannot change the outcome of a notice that another one has delivered', async () => {
      const clientId = await clientOf(receiver.uri);
      await add([clientId]);
      const [inHand] = await parts().notices.lease(10, 10, []);
      clock.advance(LEASE_MS);
      receiver.answer = status(500);
      await parts().worker.run();
      const before = await waiting();
      await parts().notices.failed(inHand!, 'timeout');
      expect(await waiting()).toEqual(before);
      clock.advance(10_000);
      receiver.answer = status(200);
      await parts().worker.run();
      await parts().notices.delivered(inHand!);
      await parts().notices.giveUp(inHand!, 'timeout');
      expect(await trail()).toHaveLength(1);
    });
  });

  /** Accepts tokens that expired because the test moved the clock. */
  const claimsOfAnyTime = async (token: string): Promise<JWTPayload> =>
    (await jwtVerify(token, key.publicKey, { typ: 'logout+jwt', currentDate: new Date(NOW) })).payload;
}
