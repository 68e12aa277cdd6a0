/** Requests to an upstream provider: discovery, keys and client secret, over HTTP on loopback. */
import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { loadConfig } from '../../src/platform/config/load-config.js';
import { FailureCounters } from '../../src/platform/limits/failure-counter.service.js';
import { OutgoingRequests } from '../../src/platform/egress/outgoing-requests.service.js';
import { newPendingSignIn } from '../../src/upstream/pending-sign-in.js';
import { upstreamFailure } from '../../src/upstream/upstream-failure.js';
import { UpstreamProvider } from '../../src/upstream/upstream-provider.service.js';
import { OAuthError } from '../../src/oauth/oauth-error.js';
import { timed } from '../support/availability.js';
import { eventually } from '../support/eventually.js';
import { outgoingRequests } from '../support/outgoing-requests.js';
import { send } from '../support/requests.js';
import { TEST_SECRET } from '../support/test-app.js';
import { TestClock } from '../support/test-clock.js';
import { Upstream, UPSTREAM_CLIENT, type Trouble } from '../support/upstream.js';

const DISCOVERY = '/.well-known/openid-configuration';
const REDIRECT_URI = 'http://rekey.test/sign-in/upstream/callback';
const HOUR = 3_600_000;

/** What is read of an answer, and the buffers of both sockets. */
const MOST_BYTES = 16 * 1024 * 1024;

let upstream: Upstream;
let clock: TestClock;
let provider: UpstreamProvider;

beforeAll(async () => {
  upstream = await Upstream.start();
});
afterAll(() => upstream.close());
beforeEach(() => {
  upstream.reset();
  clock = new TestClock(Date.now());
  provider = providerOf();
});

const providerOf = (environment: Record<string, string> = {}) =>
  new UpstreamProvider(
    loadConfig({ NODE_ENV: 'test', REKEY_SECRET: TEST_SECRET, ...upstream.environment, ...environment }),
    clock,
    outgoingRequests(),
    new FailureCounters(null),
  );

const ask = (of = provider): Promise<URL> =>
  of.authorizationUrl(newPendingSignIn(clock.now(), undefined), REDIRECT_URI);

/** The whole sign-in. */
async function identify(of = provider) {
  const pending = newPendingSignIn(clock.now(), undefined);
  const there = await of.authorizationUrl(pending, REDIRECT_URI);
  const { headers } = await send(there.href, { redirect: 'manual' });
  return of.identify(new URL(headers.get('location')!), pending, '192.0.2.7');
}

const failureOf = (attempt: Promise<unknown>): Promise<OAuthError> =>
  attempt.then(
    () => Promise.reject(new Error('It went well')),
    (error: unknown) => upstreamFailure(error),
  );

describe('the metadata', () => {
  it('metadata are loaded on first use, once for concurrent sign-ins', async () => {
    expect(upstream.requests).toEqual([]);
    await Promise.all(Array.from({ length: 20 }, () => ask()));
    await ask();
    expect(upstream.asked(DISCOVERY)).toHaveLength(1);
  });

  it('metadata are reloaded after an hour in the background', async () => {
    await ask();
    clock.advance(HOUR - 1);
    await ask();
    expect(upstream.asked(DISCOVERY)).toHaveLength(1);
    clock.advance(1);
    upstream.metadata = { authorization_endpoint: `${upstream.issuer}/moved` };
    expect((await ask()).pathname).toBe('/authorize');
    await eventually(async () => expect((await ask()).pathname).toBe('/moved'));
    expect(upstream.asked(DISCOVERY)).toHaveLength(2);
  });

  it.each<Trouble>(['hang up', 'hang', 500, 'html'])(
    'known metadata stay in use while a reload fails (%s)',
    async (trouble) => {
      await ask();
      clock.advance(2 * HOUR);
      upstream.troubles.set(DISCOVERY, trouble);
      await ask();
      // At least this many, because the HTTP client retries broken connections.
      await eventually(() => expect(upstream.asked(DISCOVERY).length).toBeGreaterThanOrEqual(2));
      expect((await ask()).pathname).toBe('/authorize');
    },
  );

  it.each<Trouble>(['hang up', 'hang', 'drip', 500, 404, 'latin1', 'html', 'flood', 'redirect'])(
    'metadata that cannot be loaded (%s) are a 503 within two seconds, and the next sign-in tries again',
    async (trouble) => {
      upstream.troubles.set(DISCOVERY, trouble);
      const { answer: errors, ms } = await timed(() => Promise.all([failureOf(ask()), failureOf(ask())]));
      expect(ms).toBeLessThan(2000);
      for (const error of errors) expect(error).toMatchObject({ status: 503, reason: 'upstream_away' });
      expect(upstream.floodedBytes).toBeLessThan(MOST_BYTES);
      upstream.troubles.clear();
      expect((await ask()).origin).toBe(upstream.issuer);
    },
  );
});

describe('unusable metadata', () => {
  it.each<[string, Record<string, unknown>]>([
    ['of another issuer', { issuer: 'https://evil.test' }],
    ['of an issuer for all tenants', { issuer: 'https://login.microsoftonline.com/{tenantid}/v2.0' }],
    ['without an issuer', { issuer: undefined }],
    ['without an authorization endpoint', { authorization_endpoint: undefined }],
    ['without a token endpoint', { token_endpoint: undefined }],
    ['without keys', { jwks_uri: undefined }],
    ['with a script as the authorization endpoint', { authorization_endpoint: 'javascript:alert(1)' }],
    ['with a relative authorization endpoint', { authorization_endpoint: 'authorize' }],
    ['with a token endpoint on the network', { token_endpoint: 'http://169.254.169.254/latest' }],
    ['with a token endpoint at localhost', { token_endpoint: 'http://localhost/token' }],
    [
      'with a token endpoint at an address that looks like ours',
      { token_endpoint: 'http://127.0.0.1.evil.test/token' },
    ],
    ['with a token endpoint in a file', { token_endpoint: 'file:///etc/passwd' }],
    ['with keys on the network', { jwks_uri: 'http://10.0.0.1/jwks' }],
  ])('metadata are refused: %s', async (_, metadata) => {
    upstream.metadata = metadata;
    expect(await failureOf(ask())).toMatchObject({ status: 503 });
    expect(upstream.requests.map(({ path }) => path)).toEqual([DISCOVERY]);
  });

  it('a userinfo endpoint at an unsafe URL is not called, and the user is signed in without it', async () => {
    upstream.metadata = { userinfo_endpoint: `${upstream.issuer.replace('127.0.0.1', 'localhost')}/userinfo` };
    upstream.user = { sub: 'anna', name: 'Anna' };
    expect(await identify()).toMatchObject({ subject: 'anna', claims: { name: 'Anna' } });
    expect(upstream.asked('/userinfo')).toEqual([]);
  });

  it('metadata for all tenants are refused, although openid-client makes an exception for that issuer', async () => {
    const issuer = 'https://login.microsoftonline.com/common/v2.0';
    const metadata = {
      issuer: 'https://login.microsoftonline.com/{tenantid}/v2.0',
      authorization_endpoint: `${issuer}/authorize`,
      token_endpoint: `${issuer}/token`,
      jwks_uri: `${issuer}/keys`,
    };
    const sent = jest.spyOn(OutgoingRequests.prototype, 'send').mockImplementation(async () => Response.json(metadata));
    try {
      expect(await failureOf(ask(providerOf({ REKEY_UPSTREAM_ISSUER: issuer })))).toMatchObject({ status: 503 });
      expect(sent).toHaveBeenCalledTimes(1);
    } finally {
      sent.mockRestore();
    }
  });
});

describe('the keys', () => {
  it.each<Trouble>(['hang up', 'hang', 'drip', 500, 'html', 'latin1', 'flood', 'redirect'])(
    'keys that cannot be loaded (%s) are a 503 within two seconds',
    async (trouble) => {
      upstream.troubles.set('/jwks', trouble);
      const { answer: error, ms } = await timed(() => failureOf(identify()));
      expect(error).toMatchObject({ status: 503 });
      expect(ms).toBeLessThan(2000);
      expect(upstream.floodedBytes).toBeLessThan(MOST_BYTES);
      upstream.troubles.clear();
      expect(await identify()).toMatchObject({ subject: 'upstream-user-1' });
    },
  );

  it('keys are loaded once', async () => {
    await identify();
    await identify();
    expect(upstream.asked('/jwks')).toHaveLength(1);
  });
});

describe('the client secret', () => {
  it.each([
    [undefined, 'Basic'],
    [['client_secret_basic', 'client_secret_post'], 'Basic'],
    [['client_secret_post'], 'post'],
    [['client_secret_post', 'private_key_jwt'], 'post'],
  ])('the client secret is sent by the method that the provider supports: %j', async (methods, expected) => {
    upstream.metadata = { token_endpoint_auth_methods_supported: methods };
    await identify();
    const [request] = upstream.asked('/token');
    expect(request!.authorization?.split(' ')[0] ?? 'post').toBe(expected);
    expect(request!.parameters.get('client_secret')).toBe(expected === 'post' ? UPSTREAM_CLIENT.secret : null);
  });

  it('a wrong client secret is a 503, and users are not told why', async () => {
    const wrong = providerOf({ REKEY_UPSTREAM_CLIENT_SECRET: 'wrong' });
    const error = await failureOf(identify(wrong));
    expect(error).toMatchObject({ status: 503 });
    expect(JSON.stringify(error)).not.toMatch(/client|secret/);
  });
});

it('the requested scope is the configured one', async () => {
  const url = await ask(providerOf({ REKEY_UPSTREAM_SCOPE: 'openid groups' }));
  expect(url.searchParams.get('scope')).toBe('openid groups');
});

it('forged responses are limited by source, without further requests to the provider', async () => {
  const strict = providerOf({ REKEY_FAILED_SIGN_INS_PER_MINUTE: '1' });
  const pending = newPendingSignIn(clock.now(), undefined);
  const query = new URLSearchParams({ code: 'x', state: pending.state, iss: upstream.issuer });
  const guess = (source: string) => strict.identify(new URL(`${REDIRECT_URI}?${query.toString()}`), pending, source);
  for (let index = 0; index < 10; index++) {
    expect(await failureOf(guess('2001:db8::1'))).toMatchObject({ status: 400, reason: 'upstream_code' });
  }
  const asked = upstream.asked('/token').length;
  const refused = await failureOf(guess('2001:db8::2'));
  expect(refused).toMatchObject({ status: 429, headers: { 'Retry-After': expect.stringMatching(/^\d+$/) } });
  expect(upstream.asked('/token')).toHaveLength(asked);
  expect(await failureOf(guess('192.0.2.9'))).toMatchObject({ status: 400 });
});
