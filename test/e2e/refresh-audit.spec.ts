/** The audit log and the metrics distinguish the outcomes of a refresh. */
import { afterAll, beforeAll, describe, expect, it, afterEach } from '@jest/globals';
import { v7 as uuidv7 } from 'uuid';
import type { ClientRegistration } from '../../src/clients/client-registration.js';
import { KeyRing } from '../../src/keys/key-ring.service.js';
import { mintRefreshToken } from '../../src/families/refresh-token.js';
import { auditOf, type AuditRow } from '../support/audit-trail.js';
import {
  changeClient,
  confidentialClient,
  startFamily,
  type TestClient,
  type TestFamily,
  publicClient,
} from '../support/clients.js';
import { familyRow } from '../support/family-state.js';
import { postAs, refresh, revoke, send, type Answer } from '../support/requests.js';
import { setSubjectDisabled } from '../support/subjects.js';
import { startApp, type TestApp } from '../support/test-app.js';
import { admin, type Admin } from '../support/admin.js';
import { serverErrors } from '../support/expectations.js';
import { Authorization, browserClient, webClient } from '../support/sign-in.js';

let app: TestApp;

beforeAll(async () => {
  app = await startApp();
});
afterAll(() => app.close());

interface Case {
  readonly title: string;
  readonly policy?: Partial<ClientRegistration>;
  /** The family's id. */
  readonly scope?: string[];
  /** Causes the outcome, and returns the response. */
  readonly act: (client: TestClient, family: TestFamily) => Promise<Answer>;
  readonly event: string;
  readonly reason?: string | null;
  /** False if the request does not lead to a family. */
  readonly ofFamily?: boolean;
  /** The metric that counts it; none if the refresh was refused before its token was read. */
  readonly verdict?: string;
}

const again = async (
  client: TestClient,
  { refreshToken }: TestFamily,
  advanceSeconds = 0,
  times = 1,
): Promise<Answer> => {
  let token = refreshToken;
  for (let round = 0; round < times; round++) token = (await refresh(app, client, token)).body.refresh_token;
  app.clock.advanceSeconds(advanceSeconds);
  return refresh(app, client, refreshToken);
};

const cases: Case[] = [
  {
    title: 'rotated',
    act: (client, { refreshToken }) => refresh(app, client, refreshToken),
    event: 'refresh.rotated',
    verdict: 'rotated',
  },
  {
    title: 'renewed without rotation',
    policy: { rotation: 'never' },
    act: (client, { refreshToken }) => refresh(app, client, refreshToken),
    event: 'refresh.renewed',
    verdict: 'renewed',
  },
  {
    title: 'retried within the grace period',
    act: (client, family) => again(client, family, 59),
    event: 'refresh.retried',
    verdict: 'retry',
  },
  {
    title: 'stale: the grace period ended when the successor was used',
    act: (client, family) => again(client, family, 0, 2),
    event: 'refresh.refused',
    reason: 'stale',
    verdict: 'stale',
  },
  {
    title: 'reused after the grace period',
    act: (client, family) => again(client, family, 61),
    event: 'refresh.reused',
    reason: 'revoke_family',
    verdict: 'reuse',
  },
  {
    title: 'reused, and only reported',
    policy: { reuseResponse: 'report_only' },
    act: (client, family) => again(client, family, 61),
    event: 'refresh.reused',
    reason: 'report_only',
    verdict: 'reuse',
  },
  {
    title: 'revoked',
    act: async (client, { refreshToken }) => {
      await revoke(app, client, refreshToken);
      return refresh(app, client, refreshToken);
    },
    event: 'refresh.refused',
    reason: 'revoked',
    verdict: 'ended',
  },
  {
    title: 'unused for too long',
    policy: { idleTtlSeconds: 60 },
    act: (client, { refreshToken }) => {
      app.clock.advanceSeconds(60);
      return refresh(app, client, refreshToken);
    },
    event: 'refresh.refused',
    reason: 'idle_expired',
    verdict: 'ended',
  },
  {
    title: 'over',
    policy: { absoluteTtlSeconds: 60 },
    act: (client, { refreshToken }) => {
      app.clock.advanceSeconds(60);
      return refresh(app, client, refreshToken);
    },
    event: 'refresh.refused',
    reason: 'expired',
    verdict: 'ended',
  },
  {
    title: 'the subject is disabled',
    act: async (client, { refreshToken, subject }) => {
      await setSubjectDisabled(app, subject, true);
      return refresh(app, client, refreshToken);
    },
    event: 'refresh.refused',
    reason: 'subject_disabled',
    verdict: 'ended',
  },
  {
    title: 'the client was disabled by another replica, a moment ago',
    act: async (client, { refreshToken }) => {
      const { body } = await refresh(app, client, refreshToken);
      await app.database.query('UPDATE clients SET disabled_at = now() WHERE client_id = $1', [client.clientId]);
      return refresh(app, client, body.refresh_token);
    },
    event: 'refresh.refused',
    reason: 'client_disabled',
    verdict: 'ended',
  },
  {
    title: 'with a scope beyond the grant',
    scope: ['a'],
    act: (client, { refreshToken }) => refresh(app, client, refreshToken, { scope: 'b' }),
    event: 'refresh.refused',
    reason: 'scope_exceeded',
    verdict: 'scope_exceeded',
  },
  {
    title: 'with another client’s token',
    act: async (_client, { refreshToken }) => refresh(app, await confidentialClient(app), refreshToken),
    event: 'refresh.refused',
    reason: 'client_mismatch',
    verdict: 'client_mismatch',
  },
  {
    title: 'with a token of no family',
    act: (client) => {
      const key = app.nest.get(KeyRing, { strict: false }).mintingTokenKey();
      return refresh(app, client, mintRefreshToken({ handle: uuidv7(), generation: 3 }, key));
    },
    event: 'refresh.refused',
    reason: 'unknown',
    verdict: 'unknown',
    ofFamily: false,
  },
  {
    title: 'with a malformed token',
    act: (client) => refresh(app, client, 'x'),
    event: 'refresh.refused',
    reason: 'malformed',
    verdict: 'malformed',
    ofFamily: false,
  },
  {
    title: 'without a token',
    act: (client) => postAs(client, `${app.url}/token`, { grant_type: 'refresh_token' }),
    event: 'token.refused',
    reason: 'bad_refresh_token',
    ofFamily: false,
  },
  {
    title: 'with a malformed scope',
    act: (client, { refreshToken }) => refresh(app, client, refreshToken, { scope: 'a  b' }),
    event: 'token.refused',
    reason: 'malformed',
    ofFamily: false,
  },
  {
    title: 'with a scope beyond the client',
    act: (client, { refreshToken }) => refresh(app, client, refreshToken, { scope: 'd' }),
    event: 'token.refused',
    reason: 'beyond_client',
    ofFamily: false,
  },
  {
    title: 'by a client that may not refresh',
    act: async (client, { refreshToken }) => {
      await changeClient(app, client, { grantTypes: ['client_credentials'] });
      return refresh(app, client, refreshToken);
    },
    event: 'token.refused',
    reason: 'grant_type',
    ofFamily: false,
  },
];

async function counters(): Promise<Map<string, number>> {
  const { text } = await send(`${app.url}/metrics`);
  const lines = text.split('\n').filter((line) => /^rekey_(refreshes|revocations)_total/.test(line));
  return new Map(
    lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]),
  );
}

describe.each(cases)('a refresh: $title', ({ policy, scope, act, event, reason = null, ofFamily = true, verdict }) => {
  let client: TestClient;
  let family: TestFamily;
  let answer: Answer;
  let trail: AuditRow[];
  let counted: string[];

  beforeAll(async () => {
    client = await confidentialClient(app, policy);
    family = await startFamily(app, client, { subject: `u-${uuidv7()}`, scope: scope ?? ['a', 'b', 'c'] });
    const before = await counters();
    answer = await act(client, family);
    trail = await auditOf(app, answer);
    const after = await counters();
    counted = [...after].filter(([name, count]) => count > (before.get(name) ?? 0)).map(([name]) => name);
  });

  it('[120] the refresh is one event in the audit log, with its reason, family and correlation id', () => {
    expect(trail).toHaveLength(1);
    expect(trail[0]).toMatchObject({
      event,
      reason,
      client_id: expect.any(String),
      correlation_id: answer.headers.get('x-correlation-id'),
      at: new Date(app.clock.now()),
    });
    if (ofFamily) expect(trail[0]).toMatchObject({ family_id: family.familyId, subject: family.subject });
  });

  it('[120] the refresh leaves neither tokens nor the family’s handle in its event', async () => {
    const written = JSON.stringify(trail);
    const { id } = await familyRow(app, family.familyId);
    const secrets = [family.refreshToken, family.refreshToken.slice(3), id, id.replaceAll('-', '')];
    secrets.push(...[answer.body.access_token, answer.body.refresh_token].filter(Boolean));
    for (const secret of secrets) expect(written).not.toContain(secret);
  });

  it('[144] the refresh is counted with its outcome', () => {
    const expected = verdict === undefined ? [] : [`rekey_refreshes_total{verdict="${verdict}"}`];
    expect(counted).toEqual(expect.arrayContaining(expected));
    // The preparing requests are counted too: rotations and revocations.
    const others = counted.filter((name) => !expected.includes(name));
    expect(others.filter((name) => !/rotated|kind="(family|subject)"/.test(name))).toEqual([]);
  });
});

it('[144] a retry, a reuse and a revoked family increase three different counters by one', async () => {
  const client = await confidentialClient(app);
  const { refreshToken } = await startFamily(app, client);
  await refresh(app, client, refreshToken);
  const names = [
    'rekey_refreshes_total{verdict="retry"}',
    'rekey_refreshes_total{verdict="reuse"}',
    'rekey_revocations_total{kind="family"}',
  ];
  const read = async () => {
    const now = await counters();
    return names.map((name) => now.get(name) ?? 0);
  };
  const start = await read();
  const since = async () => (await read()).map((count, index) => count - start[index]!);

  await refresh(app, client, refreshToken);
  expect(await since()).toEqual([1, 0, 0]);
  app.clock.advanceSeconds(61);
  await refresh(app, client, refreshToken);
  expect(await since()).toEqual([1, 1, 1]);
  await refresh(app, client, refreshToken);
  expect(await since()).toEqual([1, 1, 1]);
});

it('[120] many concurrent requests are as many events, each with its own correlation id', async () => {
  const client = await confidentialClient(app);
  const { refreshToken } = await startFamily(app, client);
  const answers = await Promise.all(Array.from({ length: 30 }, () => refresh(app, client, refreshToken)));
  const trails = await Promise.all(answers.map((answer) => auditOf(app, answer)));
  const events = trails.map((trail) => trail.map(({ event }) => event).join());
  expect(events.toSorted()).toEqual([...Array<string>(29).fill('refresh.retried'), 'refresh.rotated']);
});

/** The log and the audit log of refusals: the client, if known, and the values that did not match. */
describe('a refusal at any endpoint', () => {
  let client: TestClient;

  beforeAll(async () => {
    client = await webClient(app);
  });
  afterEach(() => expect(serverErrors(app)).toEqual([]));

  const authorize = (of: TestClient, overrides: Record<string, string | null> = {}): Promise<Answer> =>
    send(`${app.url}${new Authorization(of, overrides).path}`, { redirect: 'manual' });

  /** The access log line of the request with this answer. */
  function lineOf(answer: Answer): Record<string, unknown> {
    const id = answer.headers.get('x-correlation-id')!;
    const lines = app.logs.map((line) => JSON.parse(line) as Record<string, unknown>);
    return lines.find((line) => line['msg'] === 'request' && line['correlation_id'] === id)!;
  }

  describe('a refused authorization request', () => {
    it('a request with an unregistered redirect URI is logged and audited with the client and the URI', async () => {
      const answer = await authorize(client, { redirect_uri: 'https://client.test/back/?token=canary#canary' });
      expect(answer.status).toBe(400);
      const compared = { redirect_uri: 'https://client.test/back/?…' };
      expect(lineOf(answer)).toMatchObject({ client_id: client.clientId, result: 'unknown_redirect_uri', compared });
      expect(await auditOf(app, answer)).toMatchObject([
        {
          event: 'authorization.refused',
          reason: 'unknown_redirect_uri',
          client_id: client.clientId,
          detail: { error: 'invalid_request', ...compared },
        },
      ]);
    });

    it('a redirect URI with NUL and line breaks is audited safely', async () => {
      const answer = await authorize(client, { redirect_uri: 'https://client.test/\u0000\r\n' });
      expect(answer.status).toBe(400);
      expect(await auditOf(app, answer)).toHaveLength(1);
    });

    it('a request of a disabled client is audited with the client', async () => {
      const disabled = await webClient(app);
      await changeClient(app, disabled, { disabled: true });
      const answer = await authorize(disabled);
      expect(answer.status).toBe(400);
      expect(lineOf(answer)).toMatchObject({ client_id: disabled.clientId, result: 'client_disabled' });
      expect(await auditOf(app, answer)).toMatchObject([{ reason: 'client_disabled', client_id: disabled.clientId }]);
    });

    it('an unknown client id is not recorded', async () => {
      const answer = await authorize({ ...client, clientId: 'canary' });
      expect(lineOf(answer)).toMatchObject({ result: 'unknown_client' });
      expect(lineOf(answer)).not.toHaveProperty('client_id');
      expect(await auditOf(app, answer)).toMatchObject([{ reason: 'unknown_client', client_id: null }]);
      expect(app.logs.join()).not.toContain('canary');
    });

    it('an error that is reported to the client is logged with its details', async () => {
      const answer = await authorize(client, { response_type: 'token' });
      expect(answer.status).toBe(303);
      expect(lineOf(answer)).toMatchObject({ client_id: client.clientId, result: 'unsupported_response_type' });
      expect(await auditOf(app, answer)).toMatchObject([
        { event: 'authorization.refused', reason: 'unsupported_response_type', client_id: client.clientId },
      ]);
    });

    it('a request that needs a sign-in first is not a refusal', async () => {
      for (const prompt of ['login', 'none']) {
        expect(await auditOf(app, await authorize(client, { prompt }))).toEqual([]);
      }
    });
  });

  describe('a refused token request', () => {
    it('a scope beyond the registration is logged and audited', async () => {
      const machine = await confidentialClient(app);
      const answer = await postAs(machine, `${app.url}/token`, {
        grant_type: 'client_credentials',
        scope: `a admin ${'x'.repeat(60)}`,
      });
      expect(answer.status).toBe(400);
      const compared = { scope: 'admin (60 characters)' };
      expect(lineOf(answer)).toMatchObject({ client_id: machine.clientId, result: 'beyond_client', compared });
      expect(await auditOf(app, answer)).toMatchObject([{ event: 'token.refused', detail: compared }]);
    });
  });

  describe('a refused client authentication', () => {
    it('a refused token request is logged and audited with its client if that is known, whatever the reason', async () => {
      const strict = await confidentialClient(app, { strict: true });
      const inBody = { ...strict, method: 'client_secret_post' } as const;
      for (const [one, reason] of [
        [inBody, 'wrong_method'],
        [{ ...strict, secret: 'wrong' }, 'wrong_secret'],
      ] as const) {
        const answer = await postAs(one, `${app.url}/token`, { grant_type: 'client_credentials' });
        expect(answer.status).toBe(401);
        expect(lineOf(answer)).toMatchObject({ client_id: strict.clientId, result: reason });
        expect(await auditOf(app, answer)).toMatchObject([
          { event: 'client.authentication_failed', reason, client_id: strict.clientId },
        ]);
      }
      let answer: Answer;
      do answer = await postAs({ ...strict, secret: 'wrong' }, `${app.url}/token`, {});
      while (answer.status === 401);
      expect(answer.status).toBe(429);
      expect(lineOf(answer)).toMatchObject({ client_id: strict.clientId, result: 'failed_authentications' });
    });
  });

  describe('a refused access token', () => {
    let caller: Admin;

    beforeAll(async () => {
      caller = await admin(app);
    });

    it('a refused access token is logged with its client and the missing scope', async () => {
      const machine = await confidentialClient(app);
      const { body } = await postAs(machine, `${app.url}/token`, { grant_type: 'client_credentials' });
      const headers = { authorization: `Bearer ${body.access_token}` };
      for (const [path, scope] of [
        ['/userinfo', 'openid'],
        ['/admin/v1/clients', 'rekey:read'],
      ]) {
        const answer = await send(`${app.url}${path}`, { headers });
        expect(answer.status).toBe(403);
        expect(lineOf(answer)).toMatchObject({ client_id: machine.clientId, compared: { scope } });
      }
      await caller.post('/revocations', { kind: 'client', value: machine.clientId, reason: 'test' });
      const answer = await send(`${app.url}/userinfo`, { headers });
      expect(lineOf(answer)).toMatchObject({ client_id: machine.clientId, result: 'revoked_access_token' });
    });
  });

  describe('refusals that anyone can cause', () => {
    const MOST = 60;

    const countOf = async (event: string, { clientId }: TestClient): Promise<number> => {
      const [row] = await app.database.query<[{ count: number }]>(
        'SELECT count(*)::int FROM audit_events WHERE event = $1 AND client_id = $2',
        [event, clientId],
      );
      return row.count;
    };

    it('refusals at /authorize that anyone can cause do not fill the audit log', async () => {
      const target = await browserClient(app);
      for (let index = 0; index < MOST + 20; index++) await authorize(target, { redirect_uri: 'https://evil.test/' });
      expect(await countOf('authorization.refused', target)).toBe(MOST);
      expect(lineOf(await authorize(target, { redirect_uri: 'https://evil.test/' }))).toMatchObject({
        client_id: target.clientId,
      });
    });

    it('refusals of public clients do not fill the audit log, and those of clients with a secret are all recorded', async () => {
      const targets = [await publicClient(app), await confidentialClient(app)];
      for (const target of targets) {
        for (let index = 0; index < MOST + 20; index++) await refresh(app, target, 'rt_nonsense');
      }
      expect(await countOf('refresh.refused', targets[0]!)).toBe(MOST);
      expect(await countOf('refresh.refused', targets[1]!)).toBe(MOST + 20);
    });
  });
});
