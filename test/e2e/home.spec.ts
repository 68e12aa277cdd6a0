/** The home page, and the well-known URLs at the root of a host. */
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { DemoClient } from '../../src/first-boot/demo-client.service.js';
import { english } from '../../src/pages/english.js';
import { traditionalChinese } from '../../src/pages/traditional-chinese.js';
import { ofDatabase } from '../../src/platform/database/database-pool.js';
import { LoginSessions } from '../../src/sessions/login-sessions.service.js';
import { expectError } from '../support/expectations.js';
import { send } from '../support/requests.js';
import { aUser, signIn } from '../support/sign-in.js';
import { startApp, TEST_SECRET, type TestApp, type TestAppOptions } from '../support/test-app.js';
import { Visitor } from '../support/visitor.js';

const BROWSER = { accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8' };
const PRODUCTION = {
  NODE_ENV: 'production',
  REKEY_ISSUER: 'https://auth.example',
  REKEY_ADMIN_CLIENT_ID: 'admin',
  REKEY_ADMIN_CLIENT_SECRET: 'admin-secret-0123456789-abcdefghijklmnop',
  REKEY_SECRET: TEST_SECRET,
  REKEY_TRUSTED_PROXIES: '127.0.0.1/32',
};
const OVER_TLS = { 'x-forwarded-proto': 'https' };

let app: TestApp;
const at = (environment: TestAppOptions['environment'] = {}): void => {
  beforeAll(async () => {
    app = await startApp({ environment });
  });
  afterAll(() => app.close());
};
afterEach(() => {
  jest.restoreAllMocks();
});

const get = (path: string, headers: Record<string, string> = {}) =>
  send(`${app.url}${path}`, { headers: { ...BROWSER, ...headers }, redirect: 'manual' });

const linksIn = (html: string): string[] => [...html.matchAll(/<a\b[^>]* href="([^"]*)"/g)].map(([, href]) => href!);

describe('the home page outside production', () => {
  at();

  it('the home page says what the service is, that nobody is signed in, and where to go on', async () => {
    const { status, headers, text } = await get('/');
    expect(status).toBe(200);
    expect(headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(text).toContain(english.home.text);
    expect(text).toContain(english.home.nobody);
    expect(linksIn(text)).toEqual([
      '/sign-in',
      '/.well-known/openid-configuration',
      '/console',
      '/admin/v1/openapi.json',
    ]);
  });

  it('the links of the home page all resolve', async () => {
    for (const link of linksIn((await get('/')).text))
      expect({ link, status: (await get(link)).status }).toEqual({ link, status: link === '/console' ? 302 : 200 });
  });

  it('the home page links to the demo client if it runs', async () => {
    jest.spyOn(app.nest.get(DemoClient, { strict: false }), 'url', 'get').mockReturnValue('http://127.0.0.1:3001/');
    expect(linksIn((await get('/')).text)).toContain('http://127.0.0.1:3001/');
  });

  it('the home page shows who is signed in, and links to the account and the sign-out', async () => {
    const visitor = new Visitor(app);
    const user = await aUser(app);
    await signIn(visitor, await visitor.get('/sign-in'), user);
    const { html } = await visitor.get('/');
    expect(html).toContain(user.username);
    expect(html).not.toContain(english.home.nobody);
    expect(linksIn(html)).toEqual(expect.arrayContaining(['/account', '/end-session']));
    expect(linksIn(html)).not.toContain('/sign-in');
  });

  it('the home page is in the browser’s language, or the requested one', async () => {
    expect((await get('/', { 'accept-language': 'zh-TW' })).text).toContain(traditionalChinese.home.text);
    expect((await get('/?ui_locales=zh-Hant')).text).toContain(traditionalChinese.home.text);
  });

  it('the home page answers 503 with a page while the database is away', async () => {
    const away = ofDatabase(new Error('Connection terminated unexpectedly'));
    jest.spyOn(app.nest.get(LoginSessions, { strict: false }), 'current').mockRejectedValue(away);
    const { status, text } = await get('/');
    expect(status).toBe(503);
    expect(text).toContain(english.errors.unavailable.text);
  });

  it('the home page’s icon is an image', async () => {
    const { status, headers, text } = await get('/favicon.ico');
    expect(status).toBe(200);
    expect(headers.get('content-type')).toBe('image/svg+xml');
    expect(headers.get('cache-control')).toBe('public, max-age=86400');
    expect(text).toMatch(/^<svg .*fill="#3b63d6"/);
  });

  it('the well-known URL for changing passwords redirects to the account', async () => {
    const { status, headers } = await get('/.well-known/change-password');
    expect({ status, location: headers.get('location') }).toEqual({ status: 302, location: '/account' });
    // Password managers check that an unknown path is a 404; otherwise they do not trust the well-known URL.
    const probe = '/.well-known/resource-that-should-not-exist-whose-status-code-should-not-be-200';
    expect((await get(probe)).status).toBe(404);
  });

  it('without a contact there is no security.txt', async () => {
    expectError(await send(`${app.url}/.well-known/security.txt`), 404, 'not_found');
    expect((await get('/.well-known/security.txt')).text).toContain(english.errors.notFound.text);
  });
});

describe('the home page in production', () => {
  describe('without configuration', () => {
    at(PRODUCTION);

    it('a service in production has no home page unless it is configured', async () => {
      const { status, text } = await get('/', OVER_TLS);
      expect(status).toBe(404);
      expect(text).toContain(english.errors.notFound.text);
      expectError(await send(`${app.url}/`, { headers: OVER_TLS }), 404, 'not_found');
    });
  });

  describe('configured as a page', () => {
    at({ ...PRODUCTION, REKEY_HOME: 'page' });

    it('the home page of a service in production mentions no demo', async () => {
      jest.spyOn(app.nest.get(DemoClient, { strict: false }), 'url', 'get').mockReturnValue('http://127.0.0.1:3001/');
      const { status, text } = await get('/', OVER_TLS);
      expect(status).toBe(200);
      expect(linksIn(text)).toEqual(['/sign-in', '/.well-known/openid-configuration']);
      expect(text).not.toMatch(/credentials\.env|README|127\.0\.0\.1/);
    });
  });

  describe('configured as a redirect', () => {
    at({ ...PRODUCTION, REKEY_HOME: 'https://www.example/about?from=login' });

    it('a service in production can redirect the home page to another URL', async () => {
      const { status, headers } = await get('/', OVER_TLS);
      expect({ status, location: headers.get('location') }).toEqual({
        status: 302,
        location: 'https://www.example/about?from=login',
      });
    });
  });
});

describe('a service whose issuer has a path', () => {
  at({
    REKEY_ISSUER: 'http://rekey.test/t1',
    REKEY_SECURITY_CONTACT: 'mailto:security@example.com, https://example.com/report',
  });

  it('an issuer with a path has its home page there, with links below that path', async () => {
    const { status, text } = await get('/t1');
    expect(status).toBe(200);
    expect(linksIn(text)).toContain('/t1/sign-in');
    expect((await get('/')).status).toBe(404);
  });

  it('an issuer with a path has the well-known files at the root of the host', async () => {
    expect((await get('/.well-known/change-password')).headers.get('location')).toBe('/t1/account');
    expect((await get('/favicon.ico')).status).toBe(200);
    expect((await get('/t1/favicon.ico')).status).toBe(404);
    expect((await get('/t1/.well-known/change-password')).status).toBe(404);
  });

  it('security.txt names the contact, as RFC 9116 defines', async () => {
    const { status, headers, text } = await get('/.well-known/security.txt');
    expect(status).toBe(200);
    expect(headers.get('content-type')).toBe('text/plain; charset=utf-8');
    const day = 86_400_000;
    const midnight = new Date((Math.floor(app.clock.now() / day) + 180) * day).toISOString();
    expect(text).toBe(
      'Contact: mailto:security@example.com\nContact: https://example.com/report\n' +
        `Expires: ${midnight.slice(0, 19)}Z\nCanonical: http://rekey.test/.well-known/security.txt\n`,
    );
  });
});
