/** Health, metrics and log, and what they must not contain. */
import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { ModulesContainer } from '@nestjs/core';
import { PasswordThreads } from '../../src/passwords/password-threads.service.js';
import { RevocationTracker } from '../../src/revocation/revocation-tracker.js';
import { confidentialClient, startFamily, type TestClient } from '../support/clients.js';
import { Readiness } from '../../src/endpoints/health/readiness.service.js';
import { ofDatabase } from '../../src/platform/database/database-pool.js';
import { TokenFamilyRepository } from '../../src/refresh/token-family.repository.js';
import { serverErrors } from '../support/expectations.js';
import { withLostStatements } from '../support/failing-statements.js';
import { exchange, FORM } from '../support/raw-http.js';
import { basic, introspect, postAs, postForm, refresh, revoke, send } from '../support/requests.js';
import { startApp, type TestApp } from '../support/test-app.js';

let app: TestApp;
let client: TestClient;

beforeAll(async () => {
  app = await startApp({ background: false });
  client = await confidentialClient(app);
});
afterAll(() => app.close());
afterEach(() => void jest.restoreAllMocks());

describe('GET /health/live', () => {
  it('[300] /health/live reports that the process answers', async () => {
    const { status, body, headers } = await send(`${app.url}/health/live`);
    expect({ status, body }).toEqual({ status: 200, body: { status: 'ok' } });
    expect(headers.get('cache-control')).toContain('no-store');
  });

  it('[300] /health/live does not depend on the database', async () => {
    const { result, lost } = await withLostStatements(app, /./, () => send(`${app.url}/health/live`));
    expect({ status: result.status, lost }).toEqual({ status: 200, lost: 0 });
  });
});

describe('GET /health/ready', () => {
  const ready = () => send(`${app.url}/health/ready`);

  it('[300] /health/ready is 200 while all dependencies are available', async () => {
    const { status, body } = await ready();
    expect(status).toBe(200);
    expect(body).toMatchObject({
      status: 'ok',
      details: { database: { status: 'up' }, revocation_tracker: { status: 'up', state: 'ready', degraded: false } },
    });
  });

  it('[300] /health/ready is 503 without the database, hides the cause, and recovers', async () => {
    const repository = app.nest.get(TokenFamilyRepository, { strict: false });
    const lost = ofDatabase(new Error('Connection terminated unexpectedly'));
    app.clock.advanceSeconds(1); // the last proof is used no more
    jest.spyOn(repository, 'rotate').mockRejectedValueOnce(lost);
    const result = await ready();
    expect({ status: result.status, text: result.text }).toEqual({ status: 503, text: '{"status":"error"}' });
    expect(result.headers.get('retry-after')).toBe('1');
    expect((await ready()).status).toBe(200);
    expect(serverErrors(app)).toHaveLength(1);
  });

  it('[300] /health/ready asks the database once a second, however many ask it', async () => {
    const rotate = jest.spyOn(app.nest.get(TokenFamilyRepository, { strict: false }), 'rotate');
    app.clock.advanceSeconds(1);
    await Promise.all(Array.from({ length: 20 }, ready));
    expect(rotate).toHaveBeenCalledTimes(1);
    app.clock.advanceSeconds(-10); // a clock that steps back does not prolong a proof
    await ready();
    expect(rotate).toHaveBeenCalledTimes(2);
  });

  it('[300] /health/ready is 503 from the moment that the service drains', async () => {
    const drained = await startApp({ background: false });
    drained.nest.get(Readiness, { strict: false }).drain();
    const { status, headers } = await send(`${drained.url}/health/ready`);
    expect({ status, retry: headers.get('retry-after') }).toEqual({ status: 503, retry: '1' });
    expect((await send(`${drained.url}/health/live`)).status).toBe(200);
    await drained.close();
  });

  it.each(['away', 'rebuilding'] as const)(
    '[300] /health/ready is 200 while the tracker is %s, and reports it as degraded',
    async (state) => {
      const tracker = app.nest.get<RevocationTracker>(RevocationTracker, { strict: false });
      jest.spyOn(tracker, 'state', 'get').mockReturnValue(state);
      const { status, body } = await ready();
      expect(status).toBe(200);
      expect(body).toMatchObject({ status: 'ok', details: { revocation_tracker: { state, degraded: true } } });
    },
  );
});

interface Sample {
  /** The name and its labels. */
  readonly series: string;
  readonly value: number;
}

async function scrape(): Promise<Sample[]> {
  const { text } = await send(`${app.url}/metrics`);
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return lines.map((line) => {
    const space = line.lastIndexOf(' ');
    return { series: line.slice(0, space), value: Number(line.slice(space + 1)) };
  });
}

const valueOf = (samples: Sample[], series: string): number =>
  samples.find((sample) => sample.series === series)?.value ?? 0;

/** How much these series have grown while the action ran. */
async function growth(series: string[], action: () => Promise<unknown>): Promise<number[]> {
  const before = await scrape();
  await action();
  const after = await scrape();
  return series.map((name) => valueOf(after, name) - valueOf(before, name));
}

describe('GET /metrics', () => {
  it('[301] /metrics has the Prometheus format', async () => {
    const { status, headers, text } = await send(`${app.url}/metrics`);
    expect(status).toBe(200);
    expect(headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(text.endsWith('\n')).toBe(true);
    const sample = /^[a-z_]\w*(\{([a-z_]+="[^"]*",?)+\})? (-?\d[\d.e+-]*|NaN|[+-]Inf)$/i;
    expect(text.split('\n').filter((line) => !/^(# (HELP|TYPE) .*)?$/.test(line) && !sample.test(line))).toEqual([]);
    const series = (await scrape()).map(({ series }) => series);
    expect(new Set(series).size).toBe(series.length);
  });

  const verdicts = [
    'rotated',
    'retry',
    'reuse',
    'ended',
    'stale',
    'client_mismatch',
    'unknown',
    'scope_exceeded',
    'malformed',
  ];

  it.each(verdicts)('[301] /metrics counts the verdict %s, and only that', async (verdict) => {
    const attempt = await attemptWith(verdict);
    const names = verdicts.map((name) => `rekey_refreshes_total{verdict="${name}"}`);
    expect(await growth(names, attempt)).toEqual(verdicts.map((name) => Number(name === verdict)));
  });

  /** @returns a refresh with this verdict */
  async function attemptWith(verdict: string): Promise<() => Promise<unknown>> {
    const { refreshToken } = await startFamily(app, client);
    const use = (token: string, fields = {}) => refresh(app, client, token, fields);
    const attempts: Record<string, () => Promise<() => Promise<unknown>>> = {
      rotated: async () => () => use(refreshToken),
      retry: async () => {
        await use(refreshToken);
        return () => use(refreshToken);
      },
      stale: async () => {
        const { body } = await use(refreshToken);
        await use(body.refresh_token);
        return () => use(refreshToken);
      },
      reuse: async () => {
        await use(refreshToken);
        app.clock.advanceSeconds(61);
        return () => use(refreshToken);
      },
      ended: async () => {
        await revoke(app, client, refreshToken);
        return () => use(refreshToken);
      },
      client_mismatch: async () => {
        const other = await confidentialClient(app);
        return () => refresh(app, other, refreshToken);
      },
      unknown: async () => {
        await app.database.query('DELETE FROM token_families');
        return () => use(refreshToken);
      },
      scope_exceeded: async () => {
        const narrow = await startFamily(app, client, { scope: ['a'] });
        return () => use(narrow.refreshToken, { scope: 'a b' });
      },
      malformed: async () => () => use('rt_nonsense'),
    };
    return attempts[verdict]!();
  }

  it('[301] /metrics counts token requests by grant and outcome', async () => {
    const names = [
      'rekey_token_requests_total{grant_type="client_credentials",outcome="ok"}',
      'rekey_token_requests_total{grant_type="refresh_token",outcome="malformed"}',
      'rekey_token_requests_total{grant_type="other",outcome="unsupported_grant_type"}',
      'rekey_http_requests_total{route="/token",method="POST",status="400"}',
    ];
    const grown = await growth(names, async () => {
      for (const grant_type of ['client_credentials', 'password'])
        await postAs(client, `${app.url}/token`, { grant_type });
      await refresh(app, client, 'nonsense');
    });
    expect(grown).toEqual([1, 1, 1, 2]);
  });

  it('[301] /metrics counts failed authentications, introspections and revocations, with their durations', async () => {
    const { refreshToken } = await startFamily(app, client);
    const names = [
      'rekey_client_authentication_failures_total{reason="wrong_secret"}',
      'rekey_client_authentication_failures_total{reason="unknown_client"}',
      'rekey_introspections_total{result="active"}',
      'rekey_introspections_total{result="inactive"}',
      'rekey_revocations_total{kind="family"}',
      'rekey_revocation_lag_seconds_count',
    ];
    const grown = await growth(names, async () => {
      await introspect(app, { ...client, secret: 'wrong' }, refreshToken);
      await introspect(app, { ...client, clientId: 'nobody' }, refreshToken);
      await introspect(app, client, refreshToken);
      await revoke(app, client, refreshToken);
      await introspect(app, client, refreshToken);
    });
    expect(grown).toEqual([1, 1, 1, 1, 1, 1]);
  });

  it('[301] /metrics has batch sizes, the state of the pool and the tracker, and the rows that cleanup deleted', async () => {
    await refresh(app, client, (await startFamily(app, client)).refreshToken);
    const { text } = await send(`${app.url}/metrics`);
    const samples = await scrape();
    expect(valueOf(samples, 'rekey_rotation_batch_size_count')).toBeGreaterThan(0);
    expect(valueOf(samples, 'rekey_revocation_tracker_ready')).toBe(1);
    expect(valueOf(samples, 'rekey_database_connections')).toBe(1);
    for (const name of [
      'rekey_cleanup_rows_total',
      'rekey_cleanup_failures_total',
      'rekey_database_waiting',
      'rekey_revocations_restored_total',
      'process_cpu_seconds_total',
    ]) {
      expect(text).toContain(`# TYPE ${name} `);
    }
  });

  it('[301] /metrics has the passwords that are hashed now, and those that wait', async () => {
    const threads = app.nest.get(PasswordThreads, { strict: false });
    const count = async () => {
      const samples = await scrape();
      return ['rekey_password_threads_working', 'rekey_passwords_waiting'].map((name) => valueOf(samples, name));
    };
    expect(await count()).toEqual([0, 0]);
    const working = jest.spyOn(threads, 'working', 'get').mockReturnValue(2);
    const waiting = jest.spyOn(threads, 'waiting', 'get').mockReturnValue(7);
    expect(await count()).toEqual([2, 7]);
    working.mockRestore();
    waiting.mockRestore();
  });

  it('[301] unknown input adds no series to /metrics', async () => {
    await nonsense();
    await scrape();
    const before = await ours();
    const sent = await nonsense();
    const after = await ours();
    expect(after.filter((series) => !before.includes(series))).toEqual([]);
    const labels = after.join('\n');
    expect(
      [...sent, client.clientId, 'client_id=', 'subject=', 'familyId='].filter((text) => labels.includes(text)),
    ).toEqual([]);
  });

  /** Series of the garbage collector and the event loop change by themselves. */
  const ours = async (): Promise<string[]> =>
    (await scrape()).map(({ series }) => series).filter((series) => series.startsWith('rekey_'));

  /** Sends a request with each value that could become a label. @returns the values that must not */
  async function nonsense(): Promise<string[]> {
    const word = randomBytes(12).toString('hex');
    const token = `${app.url}/token`;
    await send(`${app.url}/${word}`);
    await send(`${app.url}/admin/v1/clients/${word}`);
    await send(`${app.url}/.well-known/oauth-authorization-server/${word}`);
    await exchange(app.url, { method: 'PROPFIND', path: `/${word}` });
    await exchange(app.url, { method: 'OPTIONS', path: `/token/${word}` });
    await postAs(client, token, { grant_type: word });
    await postAs(client, token, { grant_type: 'client_credentials', scope: word });
    await postForm(token, { grant_type: 'refresh_token', client_id: word });
    await postForm(token, { grant_type: 'refresh_token' }, basic({ clientId: word, secret: word }));
    await postForm(token, { [word]: word }, { 'content-type': `application/${word}` });
    await refresh(app, client, word);
    await introspect(app, client, word);
    await revoke(app, client, word);
    const { subject, familyId, refreshToken } = await startFamily(app, client, { subject: `u-${word}` });
    await refresh(app, client, refreshToken);
    await revoke(app, client, refreshToken);
    return [word, subject, familyId, refreshToken];
  }
});

describe('the log', () => {
  const lineBreaks = ['a\r\n{"level":60,"msg":"FAKE"}', 'a\nFAKE', 'a\u2028FAKE', '\u001b[31mFAKE'];

  it.each(lineBreaks)('[298] each log event is one JSON line, whatever a client’s name contains: %j', async (name) => {
    const from = app.logs.length;
    await postForm(`${app.url}/token`, { grant_type: 'client_credentials', client_id: name, client_secret: name });
    await postForm(`${app.url}/token`, { grant_type: name }, basic({ clientId: name, secret: name }));
    await postAs(client, `${app.url}/token`, { grant_type: name, scope: name });
    await send(`${app.url}/${encodeURIComponent(name)}?token=${encodeURIComponent(name)}`);
    await exchange(app.url, {
      path: '/token',
      headers: [FORM, ['X-Correlation-Id', 'FAKE'], ['X-Request-Id', 'FAKE']],
      body: 'x',
    });
    const written = app.logs.slice(from);
    expect(written.length).toBeGreaterThanOrEqual(5);
    for (const line of written) {
      expect(line.indexOf('\n')).toBe(line.length - 1);
      expect(() => JSON.parse(line) as unknown).not.toThrow();
      expect(line).not.toContain('FAKE');
    }
  });
});

describe('the container', () => {
  it('[293] a request instantiates no controller, guard or dependency', () => {
    const modules = [...app.nest.get(ModulesContainer).values()];
    const wrappers = modules.flatMap(({ controllers, injectables }) => [
      ...controllers.values(),
      ...injectables.values(),
    ]);
    const names = wrappers.map(({ name }) => String(name));
    expect(names).toEqual(
      expect.arrayContaining(['TokenController', 'RevocationController', 'IntrospectionController', 'ClientAuthGuard']),
    );
    expect(wrappers.filter((wrapper) => !wrapper.isDependencyTreeStatic()).map(({ name }) => String(name))).toEqual([]);
  });

  it('[293] no provider is request-scoped', () => {
    const files = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
    expect(files.length).toBeGreaterThan(100);
    const asking = files.filter((name) =>
      /Scope\.(REQUEST|TRANSIENT)|@Inject\((REQUEST|INQUIRER)\)/.test(readFileSync(join('src', name), 'utf8')),
    );
    expect(asking).toEqual([]);
  });
});

it.each([
  ['/health/live', 'debug'],
  ['/metrics', 'debug'],
  ['/favicon.ico', 'debug'],
  ['/jwks', 'info'],
])('a request of %s is in the log at level %s', async (path, level) => {
  const { headers } = await send(`${app.url}${path}`);
  const line = app.logs.find((each) => each.includes(headers.get('x-correlation-id')!));
  expect(JSON.parse(line!)).toMatchObject({ level: { debug: 20, info: 30 }[level], route: path });
});
