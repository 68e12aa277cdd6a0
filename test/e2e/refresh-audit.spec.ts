/** The audit log and the metrics distinguish the outcomes of a refresh. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { v7 as uuidv7 } from 'uuid';
import type { ClientRegistration } from '../../src/clients/client-registration.js';
import { KeyRing } from '../../src/keys/key-ring.service.js';
import { mintRefreshToken } from '../../src/families/refresh-token.js';
import { auditOf, type AuditRow } from '../support/audit-trail.js';
import { changeClient, confidentialClient, startFamily, type TestClient, type TestFamily } from '../support/clients.js';
import { familyRow } from '../support/family-state.js';
import { postAs, refresh, revoke, send, type Answer } from '../support/requests.js';
import { setSubjectDisabled } from '../support/subjects.js';
import { startApp, type TestApp } from '../support/test-app.js';

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
    if (ofFamily) expect(trail[0]).toMatchObject({ sid: family.sid, subject: family.subject });
  });

  it('[120] the refresh leaves neither tokens nor the family’s handle in its event', async () => {
    const written = JSON.stringify(trail);
    const { id } = await familyRow(app, family.sid);
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
