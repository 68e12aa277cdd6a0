/** Errors in a browser: a page in plain words, with all page headers, and without input. */
import { createHash } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { english } from '../../src/pages/english.js';
import type { PageProblem } from '../../src/pages/texts.js';
import { traditionalChinese } from '../../src/pages/traditional-chinese.js';
import { ofDatabase } from '../../src/platform/database/database-pool.js';
import { UsersService } from '../../src/users/users.service.js';
import { expectError } from '../support/expectations.js';
import { exchange, FORM } from '../support/raw-http.js';
import { postForm, send, type Answer } from '../support/requests.js';
import { Authorization, REDIRECT_URI, webClient } from '../support/sign-in.js';
import { startApp, type TestApp } from '../support/test-app.js';
import { Visitor, type Visit } from '../support/visitor.js';
import type { TestClient } from '../support/clients.js';

let app: TestApp;
let client: TestClient;

beforeAll(async () => {
  app = await startApp({ environment: { REKEY_BRAND_NAME: 'Acme ID', REKEY_BRAND_COLOR: '#0a7d4f' } });
  client = await webClient(app);
});
afterAll(() => app.close());
afterEach(() => {
  jest.restoreAllMocks();
});

type Page = Pick<Answer, 'status' | 'headers' | 'text'>;

const asPage = ({ html, ...visit }: Visit): Page => ({ ...visit, text: html });

/** Expects the headers of a page. */
function expectPageHeaders(headers: Headers): void {
  expect(headers.get('content-security-policy')).toMatch(
    /^default-src 'none'; .*frame-ancestors 'none'; base-uri 'none'$/,
  );
  expect(headers.get('content-security-policy')).not.toContain('unsafe');
  expect(headers.get('x-frame-options')).toBe('DENY');
  expect(headers.get('x-content-type-options')).toBe('nosniff');
  expect(headers.get('referrer-policy')).toBe('same-origin');
  // A client's sign-in popup must keep its opener.
  expect(headers.get('cross-origin-opener-policy')).toBeNull();
  expect(headers.get('permissions-policy')).toContain('camera=()');
  expect(headers.get('cache-control')).toBe('no-store');
  expect(headers.has('access-control-allow-origin')).toBe(false);
}

function expectErrorPage(
  { status, headers, text }: Page,
  expected: number,
  problem: PageProblem,
  texts = english,
): void {
  expect({ status, type: headers.get('content-type') }).toEqual({ status: expected, type: 'text/html; charset=utf-8' });
  expectPageHeaders(headers);
  expect(headers.get('content-language')).toBe(texts.language);
  expect(headers.get('vary')).toContain('Accept-Language');
  expect(text).toContain(`<html lang="${texts.language}">`);
  expect(text).toContain(`<title>${texts.failed(texts.errors[problem].title)} · Acme ID</title>`);
  expect(text).toContain(`<h1>${texts.errors[problem].title}</h1>`);
  expect(text).toContain(texts.errors[problem].text);
  expect(text).toContain(`<code>${headers.get('x-correlation-id')}</code>`);
}

const putSignIn = () => send(`${app.url}/sign-in`, { method: 'PUT' });

/** A form that this browser was shown. */
async function shownForm(): Promise<{ cookie: string; formToken: string }> {
  const visitor = new Visitor(app);
  const visit = await visitor.get('/sign-in');
  return {
    cookie: [...visitor.cookies].map(([name, value]) => `${name}=${value}`).join('; '),
    formToken: visit.forms[0]!.fields['form_token']!,
  };
}

const CANARY = 'canary"><script>alert(1)</script>';

const refusals: [string, number, PageProblem, () => Promise<Page>][] = [
  ['an unknown path', 404, 'notFound', () => send(`${app.url}/sign-in/${encodeURIComponent(CANARY)}`)],
  ['an unknown path below the account', 404, 'notFound', () => send(`${app.url}/account/nothing`)],
  ['an unknown method', 405, 'methodNotAllowed', putSignIn],
  ['GET on the form of consent', 405, 'methodNotAllowed', () => send(`${app.url}/consent?decision=${CANARY}`)],
  ['a body above the limit', 413, 'tooLarge', () => postForm(`${app.url}/sign-in`, `username=${'x'.repeat(20_000)}`)],
  ['a body of 64 KiB', 413, 'tooLarge', () => postForm(`${app.url}/authorize`, `state=${'x'.repeat(65_536)}`)],
  [
    'JSON instead of a form',
    400,
    'badRequest',
    () => postForm(`${app.url}/sign-in`, '{"a":1}', { 'content-type': 'application/json' }),
  ],
  ['broken JSON', 400, 'badRequest', () => postForm(`${app.url}/consent`, '{', { 'content-type': 'application/json' })],
  [
    'text instead of a form',
    400,
    'badRequest',
    () => postForm(`${app.url}/sign-in`, CANARY, { 'content-type': 'text/plain' }),
  ],
  ['a compressed body', 415, 'badRequest', () => postForm(`${app.url}/sign-in`, 'x', { 'content-encoding': 'gzip' })],
  ['broken percent-encoding', 400, 'badRequest', () => postForm(`${app.url}/sign-in`, 'username=%zz')],
  ['a field twice', 400, 'badRequest', () => postForm(`${app.url}/sign-in`, 'username=a&username=b')],
  ['a thousand fields', 400, 'badRequest', () => postForm(`${app.url}/sign-in`, 'a=b&'.repeat(1000))],
  [
    'a path that cannot be decoded',
    400,
    'badRequest',
    () => exchange(app.url, { method: 'GET', path: '/sign-in/%zz' }),
  ],
  ['a path that is not UTF-8', 400, 'badRequest', () => exchange(app.url, { method: 'GET', path: '/account/%ff%fe' })],
  ['an unknown client', 400, 'unknownClient', () => send(`${app.url}${authorization({ client_id: CANARY })}`)],
  [
    'a form without its token',
    400,
    'formExpired',
    () => postForm(`${app.url}/sign-in`, { username: CANARY, password: CANARY }),
  ],
];

const authorization = (overrides: Record<string, string>): string => new Authorization(client, overrides).path;

describe('a page', () => {
  it.each(refusals)('an error page answers %s with %i: %s', async (_, status, problem, ask) => {
    const answer = await ask();
    expectErrorPage(answer, status, problem);
    for (const part of [answer.text, ...[...answer.headers].map(([, value]) => value)]) {
      expect(part).not.toContain('canary');
      expect(part).not.toContain('<script');
      expect(part).not.toContain('evil.test');
    }
  });

  it('an error page for an unregistered redirect URI shows what was sent, escaped, and what is registered', async () => {
    const answer = await send(`${app.url}${authorization({ redirect_uri: `https://evil.test/it's&more?query` })}`);
    expectErrorPage(answer, 400, 'unknownRedirectUri');
    expect(answer.text).toContain("<code>https://evil.test/it's&amp;more?…</code>");
    expect(answer.text).toContain(`<code>${REDIRECT_URI}</code>`);
  });

  it('an error page for a wrong method names the allowed ones', async () => {
    expect((await putSignIn()).headers.get('allow')).toBe('GET, POST');
  });

  it('an error page is 503 with Retry-After while the database is away, without the cause', async () => {
    const away = ofDatabase(new Error('Connection terminated: connect ECONNREFUSED 10.1.2.3:5432'));
    jest.spyOn(app.nest.get(UsersService, { strict: false }), 'authenticate').mockRejectedValue(away);
    const { cookie, formToken } = await shownForm();
    const answer = await postForm(
      `${app.url}/sign-in`,
      { form_token: formToken, username: 'a', password: 'b' },
      { cookie },
    );
    expectErrorPage(answer, 503, 'unavailable');
    expect(answer.headers.get('retry-after')).toMatch(/^[1-9]\d*$/);
    expect(answer.text).not.toMatch(/10\.1\.2\.3|ECONN/);
  });

  it('an error page for an unexpected error is 500: logged under the id that it shows, without details', async () => {
    const bug = new TypeError("Cannot read properties of undefined (reading 'canary')");
    jest.spyOn(app.nest.get(UsersService, { strict: false }), 'authenticate').mockRejectedValue(bug);
    const { cookie, formToken } = await shownForm();
    const answer = await postForm(
      `${app.url}/sign-in`,
      { form_token: formToken, username: 'a', password: 'b' },
      { cookie },
    );
    expectErrorPage(answer, 500, 'unexpected');
    expect(answer.text).not.toMatch(/canary|TypeError|at .*\.(ts|js)/);
    const lines = app.logs.filter((line) => line.includes(answer.headers.get('x-correlation-id')!));
    expect(lines.some((line) => line.includes('canary') && line.includes('"msg":"request failed"'))).toBe(true);
  });

  it('an error page leaves the reason of a refusal in the log', async () => {
    const answer = await send(`${app.url}${authorization({ redirect_uri: 'https://evil.test/' })}`);
    const lines = app.logs.filter((line) => line.includes(answer.headers.get('x-correlation-id')!));
    expect(lines.some((line) => line.includes('"result":"unknown_redirect_uri"'))).toBe(true);
  });
});

describe('the language of an error', () => {
  const chinese = { 'accept-language': 'zh-TW,zh;q=0.9,en;q=0.8' };

  it("the language of an error page is the browser's", async () => {
    expectErrorPage(await send(`${app.url}/sign-in/x`, { headers: chinese }), 404, 'notFound', traditionalChinese);
  });

  it('the language of an error page is the one that the client requests, even if the request is invalid', async () => {
    const path = authorization({ client_id: 'nobody', ui_locales: 'fr zh-Hant-HK en' });
    expectErrorPage(await send(`${app.url}${path}`), 400, 'unknownClient', traditionalChinese);
    const broken = await exchange(app.url, { method: 'GET', path: '/account/%zz?ui_locales=zh-TW&a=%zz' });
    expectErrorPage(broken, 400, 'badRequest', traditionalChinese);
  });
});

describe('the requests that get a page', () => {
  it.each(['text/html,application/xhtml+xml,*/*;q=0.8', '*/*', 'application/json, text/html'])(
    'a browser that accepts %s gets a page',
    async (accept) => {
      expectErrorPage(await send(`${app.url}/account/nothing`, { headers: { accept } }), 404, 'notFound');
    },
  );

  it('a program that accepts only JSON gets no page, of the account', async () => {
    for (const accept of ['application/json', 'Application/JSON; q=1'])
      expectError(await send(`${app.url}/account/nothing`, { headers: { accept } }), 404, 'not_found');
    const elsewhere = await send(`${app.url}/sign-in/x`, { headers: { accept: 'application/json' } });
    expectErrorPage(elsewhere, 404, 'notFound');
  });

  it('client endpoints and unknown paths answer without a page', async () => {
    expectError(await send(`${app.url}/token`), 405, 'method_not_allowed');
    expectError(await send(`${app.url}/nothing`), 404, 'not_found');
    expectError(await send(`${app.url}/sign-in-as`), 404, 'not_found');
    expectError(await exchange(app.url, { path: '/token%zz', headers: [FORM] }), 400, 'invalid_request');
    const admin = await send(`${app.url}/admin/v1/nothing`);
    expect(admin.headers.get('content-type')).toMatch(/^application\/problem\+json/);
    expect(admin.headers.has('x-frame-options')).toBe(false);
  });
});

describe('every response to a browser', () => {
  it('every response to a browser has the headers of a page, redirects included', async () => {
    const answer = await send(`${app.url}/account`, { redirect: 'manual' });
    expect(answer.status).toBe(303);
    expectPageHeaders(answer.headers);
  });

  it('JSON responses of the account have these headers too', async () => {
    expectPageHeaders((await send(`${app.url}/account/data`, { headers: { accept: 'application/json' } })).headers);
  });

  it('a page has the brand’s style sheet, which the policy allows by its hash', async () => {
    const { text, headers } = asPage(await new Visitor(app).get('/sign-in'));
    const [, css = ''] = /<style>([^]*?)<\/style>/.exec(text) ?? [];
    expect(css).toContain('--brand:#0a7d4f');
    const hash = createHash('sha256').update(css).digest('base64');
    expect(headers.get('content-security-policy')).toContain(`style-src 'sha256-${hash}';`);
    expect(headers.get('content-security-policy')).not.toContain('script-src');
  });
});

describe('a browser that asks for what is not there', () => {
  const BROWSER = { accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8' };
  const nowhere: [string, number, PageProblem, string, RequestInit][] = [
    ['an unknown path', 404, 'notFound', `/nothing/${encodeURIComponent(CANARY)}`, {}],
    ['an unknown path below the admin API', 404, 'notFound', '/admin/v1/nothing', {}],
    ['GET on an endpoint for POST', 405, 'methodNotAllowed', '/token', {}],
    ['GET on an endpoint of the admin API for POST', 405, 'methodNotAllowed', '/admin/v1/keys/rotations', {}],
    ['PUT on a read-only endpoint', 405, 'methodNotAllowed', '/jwks', { method: 'PUT' }],
  ];

  it.each(nowhere)('a browser that opens an unknown path gets a page: %s', async (_, status, problem, path, init) => {
    const answer = await send(`${app.url}${path}`, { ...init, headers: BROWSER });
    expectErrorPage(answer, status, problem);
    expect(answer.headers.has('allow')).toBe(status === 405);
    expect(answer.text).not.toContain('canary');
  });

  it('the page for an unknown path is in the browser’s language', async () => {
    const answer = await send(`${app.url}/nothing`, { headers: { ...BROWSER, 'accept-language': 'zh-TW' } });
    expectErrorPage(answer, 404, 'notFound', traditionalChinese);
  });

  it.each(nowhere.map(([name, status, , path, init]) => ({ name, status, path, init })))(
    'a program that opens an unknown path gets JSON: $name',
    async ({ status, path, init }) => {
      for (const accept of ['*/*', 'application/json', 'application/json, text/html']) {
        const answer = await send(`${app.url}${path}`, { ...init, headers: { accept } });
        expect({ status: answer.status, type: answer.headers.get('content-type') }).toEqual({
          status,
          type: expect.stringMatching(/^application\/(problem\+)?json/),
        });
      }
    },
  );

  it('a browser at a route of the admin API gets the error about its token', async () => {
    const answer = await send(`${app.url}/admin/v1/clients/nobody`, { headers: BROWSER });
    expect(answer.status).toBe(401);
    expect(answer.headers.get('content-type')).toContain('application/problem+json');
  });
});
