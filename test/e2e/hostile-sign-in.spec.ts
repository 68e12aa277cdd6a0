/**
 * Hostile input to the pages: it ends in an error page or a specified error, stores nothing without a sign-in, and never causes a
 * 5xx.
 */
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { decodeJwt } from 'jose';
import { activeContentIn } from '../support/active-content.js';
import { bearer } from '../support/admin.js';
import type { TestClient } from '../support/clients.js';
import { expectError, serverErrors } from '../support/expectations.js';
import { hostileUris } from '../support/hostile-uris.js';
import { cookieHeader } from '../support/provision-sign-in.js';
import { exchange, FORM, type RawRequest } from '../support/raw-http.js';
import { introspect, postForm, refresh, send, type Answer } from '../support/requests.js';
import { rowCounts } from '../support/row-counts.js';
import {
  agree,
  authorize,
  Authorization,
  aUser,
  browserClient,
  isConsent,
  isSignIn,
  REDIRECT_URI,
  signIn,
  signInAndExchange,
  webClient,
  type TestUser,
} from '../support/sign-in.js';
import { startApp, type TestApp } from '../support/test-app.js';
import { createUser } from '../support/users.js';
import { Visitor, type Visit } from '../support/visitor.js';

const HOME = 'https://client.test/home';

let app: TestApp;
let client: TestClient;
let anna: TestUser;

beforeAll(async () => {
  app = await startApp({ background: false });
  client = await webClient(app, { postLogoutRedirectUris: [HOME], mayIntrospect: true });
  anna = await aUser(app);
});
afterAll(() => app.close());
afterEach(() => expect(serverErrors(app)).toEqual([]));

/** Expects that nothing but a refusal in the audit log is stored without a sign-in. */
async function expectNoTrace<T>(action: () => Promise<T>): Promise<T> {
  const { audit_events: events, ...before } = await rowCounts(app.database);
  const result = await action();
  const { audit_events: _, ...after } = await rowCounts(app.database);
  expect(after).toEqual(before);
  const added = await app.database.query<{ event: string }[]>('SELECT event FROM audit_events ORDER BY id OFFSET $1', [
    events,
  ]);
  expect(added.filter(({ event }) => !event.endsWith('.refused'))).toEqual([]);
  return result;
}

/** @throws the error of the action, with the name of the row in its message */
async function withRow(name: string, action: () => Promise<void>): Promise<void> {
  await action().catch((error: Error) => {
    error.message = `${name}: ${error.message}`;
    throw error;
  });
}

type Page = Pick<Answer, 'status' | 'headers' | 'text'>;

const asPage = ({ status, headers, html }: Visit): Page => ({ status, headers, text: html });

/** Expects a page of ours without redirects or scripts. */
function expectPlainPage({ status, headers, text }: Page, expected: number | readonly number[]): void {
  expect([expected].flat()).toContain(status);
  expect(headers.get('content-type')).toBe('text/html; charset=utf-8');
  expect(headers.get('location')).toBeNull();
  expect(headers.get('content-security-policy')).toMatch(/^default-src 'none';.*frame-ancestors 'none'/);
  expect(headers.get('content-security-policy')).not.toContain('script-src');
  expect(headers.get('cache-control')).toBe('no-store');
  expect(activeContentIn(text)).toEqual([]);
}

/** A browser with a signed-in user who has given the client consent. */
async function regular(user = anna): Promise<Visitor> {
  const visitor = new Visitor(app);
  await authorize(app, user, new Authorization(client), visitor);
  return visitor;
}

const withQuery = (path: string, parameters: Record<string, string>): string =>
  `${path}?${new URLSearchParams(parameters).toString()}`;

describe('a variant of a registered URI', () => {
  const tricks = hostileUris(REDIRECT_URI);
  let visitor: Visitor;
  let idToken: string;

  beforeAll(async () => {
    visitor = await regular();
    idToken = (await signInAndExchange(app, client, anna)).body.id_token as string;
  });

  it('there are more than forty variants of the registered URI, all different', () => {
    expect(new Set([...tricks.map(([, uri]) => uri), REDIRECT_URI]).size).toBe(tricks.length + 1);
    expect(tricks.length).toBeGreaterThanOrEqual(40);
  });

  /** Expects that none of them leaves a trace. */
  const inEach = (rows: typeof tricks, action: (uri: string) => Promise<void>): Promise<void> =>
    expectNoTrace(async () => {
      for (const [name, uri] of rows) await withRow(name, () => action(uri));
    });

  it('[263] a variant of the registered redirect URI gets neither a code nor an error', async () => {
    await inEach(tricks, async (uri) => {
      const { path, parameters } = new Authorization(client, { redirect_uri: uri });
      const others = [{ prompt: 'none' }, { scope: 'x"' }, { response_mode: 'form_post' }];
      for (const visit of [
        await visitor.get(path),
        await visitor.post('/authorize', parameters),
        await new Visitor(app).get(path),
        ...(await Promise.all(
          others.map((overrides) => visitor.get(new Authorization(client, { redirect_uri: uri, ...overrides }).path)),
        )),
      ]) {
        expectPlainPage(asPage(visit), 400);
        // Outside production the page shows the URI that was sent, as text and nowhere else.
        expect(visit.html.replace(/<code>[^<]*<\/code>/g, '')).not.toMatch(/evil\.|alert\(/);
      }
    });
  });

  it('[263] a variant of the registered redirect URI cannot be reached through a consent', async () => {
    const asked = await visitor.get(new Authorization(client, { prompt: 'consent' }).path);
    await inEach(tricks, async (uri) => {
      const other = new URLSearchParams(new Authorization(client, { redirect_uri: uri }).parameters).toString();
      const visit = await visitor.submit(asked, { decision: 'deny', authorization_request: other });
      expectPlainPage(asPage(visit), 400);
    });
  });

  it('[263] a variant of the registered post-logout redirect URI is not redirected to', async () => {
    await inEach(hostileUris(HOME), async (uri) => {
      const goTo = { post_logout_redirect_uri: uri, client_id: client.clientId };
      for (const visit of [
        await new Visitor(app).get(withQuery('/end-session', { ...goTo, id_token_hint: idToken })),
        await new Visitor(app).post('/end-session', { ...goTo, id_token_hint: idToken }),
        await new Visitor(app).post('/end-session/confirm', goTo),
      ]) {
        expectPlainPage(asPage(visit), [200, 400]);
        expect(visit.html).not.toMatch(/evil\.|alert\(/);
      }
      const question = await visitor.get(withQuery('/end-session', goTo));
      expectPlainPage(asPage(question), [200, 400]);
      expect(question.forms.map(({ fields }) => fields['post_logout_redirect_uri'])).toEqual(
        question.forms.map(() => undefined),
      );
    });
  });
});

/** The parameters of /authorize and /end-session. */
const PARAMETERS = [
  ...['client_id', 'redirect_uri', 'response_type', 'response_mode', 'scope', 'state', 'nonce', 'prompt', 'max_age'],
  ...['display', 'login_hint', 'id_token_hint', 'ui_locales', 'claims_locales', 'acr_values', 'claims', 'resource'],
  ...['code_challenge', 'code_challenge_method', 'request', 'request_uri', 'registration', 'authorization_request'],
  ...['post_logout_redirect_uri', 'logout_hint', 'username', 'password', 'form_token', 'decision', 'iss', 'code'],
  ...['__proto__', 'constructor', 'scope[]', 'a[b][c]', 'unknown'],
];

const nasty: readonly (readonly [name: string, value: string])[] = [
  ['a NUL', 'a\0b'],
  ['line ends', 'a\r\nSet-Cookie: x=y\r\n\r\n<html>'],
  ['controls', Array.from({ length: 32 }, (_, code) => String.fromCharCode(code)).join('') + '\x7f\x80\x9f'],
  ['bidi text', '\u202e\u2066\u200b\ufeff\u2028\u2029'],
  ['characters beyond the BMP', '\u{1f511}\u{10ffff}'.repeat(50)],
  ['a replacement character', '\ufffd'],
  ['markup', `"><script>alert(1)</script><img src=x onerror=alert(1)>`],
  ['a template', '{{7*7}}${7*7}<%= 7*7 %>#{7*7}'],
  ['SQL', `'; DROP TABLE users; --`],
  ['a format string', '%s%n%d%25s'],
  ['an operator', '{"$ne":null}'],
  ['a path', '../../../../etc/passwd'],
  ['an overflowing number', '-1e999'],
  ['very many words', 'a '.repeat(2000)],
  ['7,000 characters', 'x'.repeat(7000)],
];

async function inEachParameter(action: (name: string) => Promise<void>): Promise<void> {
  for (const name of PARAMETERS) await withRow(`In the parameter ${name}`, () => action(name));
}

describe.each(nasty)('%s', (_name, value) => {
  /** The browser may end on an error page of ours, or at the requesting client with a response. */
  function expectRightEnd(visit: Visit): void {
    if (visit.left) {
      expect([REDIRECT_URI, HOME]).toContain(`${visit.url.origin}${visit.url.pathname}`);
      expect(visit.headers.get('location')).not.toMatch(/[\r\n\0<>"]/);
    } else if (visit.headers.get('content-security-policy')?.includes('script-src')) {
      expect(visit.forms[0]!.action).toBe(REDIRECT_URI);
      expect(activeContentIn(visit.html)).toEqual(['<script>']);
    } else {
      expectPlainPage(asPage(visit), [200, 400, 403, 404, 413]);
    }
  }

  it('hostile text in a parameter of a request without a session is harmless and leaves no trace', async () => {
    await expectNoTrace(() =>
      inEachParameter(async (name) => {
        const authorization = new Authorization(client, { [name]: value });
        const formPost = new Authorization(client, { response_mode: 'form_post', prompt: 'none', [name]: value });
        for (const visit of await Promise.all([
          new Visitor(app).get(authorization.path),
          new Visitor(app).get(formPost.path),
          new Visitor(app).post('/authorize', authorization.parameters),
          new Visitor(app).get(withQuery('/end-session', { post_logout_redirect_uri: HOME, [name]: value })),
          new Visitor(app).get(withQuery('/sign-in', { [name]: value })),
          new Visitor(app).get(withQuery('/account', { [name]: value })),
        ])) {
          expectRightEnd(visit);
        }
      }),
    );
  });

  it('hostile text in a parameter of a signed-in user’s request is harmless', async () => {
    const visitor = await regular(await aUser(app)); // whose account page does not grow with each of these tests
    await inEachParameter(async (name) => {
      for (const overrides of [{ [name]: value }, { prompt: 'none', [name]: value }]) {
        const visit = await visitor.get(new Authorization(client, overrides).path);
        expectRightEnd(isConsent(visit) ? await agree(visitor, visit) : visit);
      }
      expectRightEnd(await visitor.get(withQuery('/account', { [name]: value })));
      expectRightEnd(await visitor.get(withQuery('/end-session', { [name]: value })));
    });
    expect(isSignIn(await visitor.get('/sign-in'))).toBe(false);
  });

  it('hostile text in a token request with a code is harmless', async () => {
    const visitor = await regular();
    for (const name of ['code', 'redirect_uri', 'code_verifier', 'resource', 'client_id', 'scope']) {
      const authorization = new Authorization(client);
      const code = (await authorize(app, anna, authorization, visitor)).get('code')!;
      const answer = await authorization.exchange(app, client, code, { [name]: value });
      expect([200, 400, 401, 413]).toContain(answer.status);
    }
  });
});

describe('claims requested by name', () => {
  const names = ['a\0b', '\ud800', '\udfff\ud800', '\u0001', '', '__proto__', 'x'.repeat(100), '<script>', 'sub', '🔑'];

  it.each(names)('%j in the claims parameter: the user is asked, or the client gets an error', async (name) => {
    const visitor = await regular(await aUser(app));
    const claims = `{"userinfo":{${escaped(name)}:null},"id_token":{${escaped(name)}:{"essential":true}}}`;
    const authorization = new Authorization(client, { claims });
    const answer = await authorize(app, anna, authorization, visitor);
    const told = answer.get('error') ?? (await authorization.exchange(app, client, answer.get('code')!)).status;
    expect([200, 'invalid_request']).toContain(told);
  });

  /** JSON with every character escaped. */
  const escaped = (text: string): string =>
    `"${Array.from({ length: text.length }, (_, at) => `\\u${text.charCodeAt(at).toString(16).padStart(4, '0')}`).join('')}"`;
});

describe('oversized and unreadable requests', () => {
  const big = 'x'.repeat(64 * 1024);
  const many = (separator: string) => Array.from({ length: 1000 }, (_, index) => `p${index}${separator}1`).join('&');
  const queries: readonly (readonly [string, string])[] = [
    ['a thousand parameters', many('=')],
    ['a thousand names', many('')],
    ['a thousand ampersands', '&'.repeat(1000)],
    ['a parameter a hundred times', 'state=a&'.repeat(100)],
    ['broken percent-encoding', 'client_id=%zz'],
    ['half an escape', 'client_id=%'],
    ['bytes that are not UTF-8', 'client_id=%ff%fe'],
    ['an overlong form', 'client_id=%c0%af'],
    ['a lone surrogate', 'client_id=%ed%a0%80'],
    ['NUL', 'client_id=%00&redirect_uri=%00&state=%00'],
    ['a broken name', '%zz=1'],
    ['no name', '=1&=2'],
    ['a second question mark', '?client_id=x?redirect_uri=y'],
  ];
  const endpoints = ['/authorize', '/sign-in', '/consent', '/end-session', '/end-session/confirm', '/account/sign-out'];

  describe.each(endpoints)('at %s', (path) => {
    it('an unreadable query or body is an error page', async () => {
      await expectNoTrace(async () => {
        for (const [name, query] of queries) {
          await withRow(name, async () => {
            expectPlainPage(await send(`${app.url}${path}?${query}`, { redirect: 'manual' }), [200, 400, 404, 405]);
            expectPlainPage(await postRaw(path, query).then(followed), [200, 400, 404, 405]);
          });
        }
      });
    });

    it('64 KiB are refused, as a body and as a query', async () => {
      await expectNoTrace(async () => {
        expectPlainPage(await postForm(`${app.url}${path}`, `state=${big}`), 413);
        expectPlainPage(await postForm(`${app.url}${path}`, { client_id: client.clientId, state: big }), 413);
        const answer = await exchange(app.url, { method: 'GET', path: `${path}?state=${big}` });
        expectError({ ...answer, body: JSON.parse(answer.text) }, 431, 'invalid_request');
      });
    });

    it.each([
      ['JSON', 'application/json', JSON.stringify({ username: 'x' })],
      ['an array', 'application/json', '[1]'],
      ['broken JSON', 'application/json', '{'],
      ['a prototype', 'application/json', '{"__proto__":{"username":"x"}}'],
      [
        'multipart',
        'multipart/form-data; boundary=x',
        '--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--x--',
      ],
      ['text', 'text/plain', 'username=x'],
      [
        'XML',
        'application/xml',
        '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY y SYSTEM "file:///etc/passwd">]><x>&y;</x>',
      ],
      ['something unknown', 'x/y; z="', 'username=x'],
    ])('%s is an error page', async (_name, type, body) => {
      await expectNoTrace(async () => {
        const answer = await send(`${app.url}${path}`, {
          method: 'POST',
          headers: { 'content-type': type },
          body,
          redirect: 'manual',
        });
        expectPlainPage(await followed(answer), [200, 400]);
      });
    });

    it('a request without a content type and without a body is an error page', async () => {
      await expectNoTrace(async () => {
        const bare = (request: Partial<RawRequest>) => exchange(app.url, { path, ...request });
        for (const answer of [await bare({ body: 'username=x' }), await bare({}), await bare({ headers: [FORM] })]) {
          expectPlainPage(await followed(answer), [200, 400, 415]);
        }
      });
    });

    it.each(['PUT', 'PATCH', 'DELETE', 'OPTIONS'])('the method %s is refused', async (method) => {
      await expectNoTrace(async () => {
        const answer = await send(`${app.url}${path}`, { method });
        expectPlainPage(answer, 405);
        expect(answer.headers.get('allow')).toMatch(/^(GET, )?POST$/);
        expect(answer.headers.get('access-control-allow-origin')).toBeNull();
      });
    });
  });

  const postRaw = (path: string, body: string) =>
    send(`${app.url}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body,
      redirect: 'manual',
    });

  /** Follows the redirects from POST to GET and to the sign-in. */
  async function followed(answer: Answer): Promise<Answer> {
    const location = answer.headers.get('location');
    if (location === null) return answer;
    expect(location).toMatch(/^\/(authorize\?|end-session\?|sign-in$)/);
    return send(app.url + location, { redirect: 'manual' });
  }
});

describe('a path in another spelling', () => {
  const variantsOf = (path: string): string[] => [
    `${path}/`,
    `/${path}`,
    `${path}//`,
    `/.${path}`,
    `/x/..${path}`,
    `${path}/.`,
    `${path}/../${path.slice(1)}`,
    `${path}%2f`,
    `%2f${path.slice(1)}`,
    `${path}%00`,
    `${path};x=y`,
    `${path}.html`,
    path.toUpperCase(),
    `/%${path.charCodeAt(1).toString(16)}${path.slice(2)}`,
    `${path}%`,
    `${path}\\`,
    `http://evil.test${path}`,
  ];
  const spellings = ['/authorize', '/sign-in', '/consent', '/end-session', '/account', '/userinfo'].map(
    (path) => [path, variantsOf(path)] as const,
  );

  let visitor: Visitor;
  beforeAll(async () => {
    visitor = await regular();
  });

  it.each(spellings)('another spelling of %s is not found, or equals the plain path', async (_path, paths) => {
    const { path: genuine } = new Authorization(client);
    const query = genuine.slice(genuine.indexOf('?'));
    await expectNoTrace(async () => {
      for (const path of paths) {
        await withRow(path, async () => {
          for (const method of ['GET', 'POST']) {
            const answer = await exchange(app.url, { method, path: path + query, headers: [FORM] });
            expect([200, 303, 400, 401, 404, 405]).toContain(answer.status);
            expect(answer.headers.get('location') ?? '/').toMatch(/^\/(?!\/)/);
            expect(answer.headers.get('cache-control')).toContain('no-store');
            const isPage = /^text\/html/.test(answer.headers.get('content-type') ?? '');
            expect(answer.headers.has('content-security-policy')).toBe(isPage || answer.status === 303);
            expect(answer.text).not.toContain('evil.test');
          }
        });
      }
    });
    const cookie = ['Cookie', cookieHeader(visitor)['cookie']!] as const;
    for (const path of paths) {
      await withRow(path, async () => {
        const known = await exchange(app.url, { method: 'GET', path: path + query, headers: [cookie] });
        expect(known.headers.get('location') ?? REDIRECT_URI).toMatch(/^(https:\/\/client\.test\/back\b|\/(?!\/))/);
      });
    }
  });
});

describe('markup in what pages show', () => {
  const EVIL = [
    '"><script>alert(1)</script>',
    `' onmouseover='alert(1)`,
    '" autofocus onfocus="alert(1)',
    '</title></style></textarea><svg onload=alert(1)>',
    '<!--<iframe src="javascript:alert(1)">',
    'javascript:alert(1)',
  ];

  it.each(EVIL)('markup is shown as text on every page: %s', async (evil) => {
    const scope = evil.replace(/[\s"\\]/g, '!');
    const shop = await webClient(app, {
      name: evil,
      scopes: ['openid', 'offline_access', 'profile', scope],
      postLogoutRedirectUris: [HOME],
    });
    const user = { username: `${evil} of ${shop.clientId}`, password: anna.password };
    await createUser(app, user.username, { password: user.password, claims: { name: evil, email: `'a&b'@x.test` } });
    const visitor = new Visitor(app);
    const everywhere = { login_hint: evil, ui_locales: evil, state: evil, acr_values: evil, claims_locales: evil };
    const claims = JSON.stringify({ userinfo: { [evil]: null, email: null } });
    const authorization = new Authorization(shop, { scope: `openid ${scope}`, claims, ...everywhere });
    const form = await visitor.get(authorization.path, { 'user-agent': evil, 'accept-language': evil });
    const wrong = await visitor.submit(form, { username: evil, password: evil });
    const consent = await visitor.post('/sign-in', { ...form.forms[0]!.fields, ...user }, { 'user-agent': evil });
    expect([isSignIn(form), isSignIn(wrong), isConsent(consent)]).toEqual([true, true, true]);
    expect((await agree(visitor, consent)).url.searchParams.get('state')).toBe(evil);
    const account = await visitor.get('/account', { 'user-agent': evil });
    const signOut = await visitor.get(withQuery('/end-session', { client_id: shop.clientId, ...everywhere }));
    const broken = await visitor.get(withQuery('/authorize', { client_id: evil, redirect_uri: evil, ...everywhere }));
    for (const visit of [form, wrong, consent, account, signOut]) {
      expect(visit.headers.get('content-type')).toBe('text/html; charset=utf-8');
      expect(activeContentIn(visit.html)).toEqual([]);
      expect(unescaped(visit.html)).toContain(evil);
    }
    expectPlainPage(asPage(broken), 400);
    expect(isSignIn(account)).toBe(false);
    const posted = await visitor.get(
      new Authorization(shop, { ...authorization.parameters, response_mode: 'form_post' }).path,
    );
    expect(activeContentIn(posted.html)).toEqual(['<script>']);
    expect(posted.forms[0]!.fields['state']).toBe(evil);
  });

  const unescaped = (html: string): string =>
    html.replaceAll('&lt;', '<').replaceAll('&quot;', '"').replaceAll('&amp;', '&');

  it('the search would find unescaped markup', () => {
    for (const evil of [EVIL[0], EVIL[2], EVIL[3], EVIL[4]]) {
      expect(activeContentIn(`<p title="${evil}">${evil}</p>`)).not.toEqual([]);
    }
    expect(activeContentIn(`<p title='${EVIL[1]}'>x</p>`)).not.toEqual([]);
    expect(activeContentIn(`<a href="${EVIL[5]}">x</a>`)).not.toEqual([]);
    expect(activeContentIn('<p title="&quot; onload=&quot;">onload=1</p>')).toEqual([]);
  });
});

describe('a cookie', () => {
  const isKnown = async (cookies: string): Promise<boolean> => {
    const answer = await send(`${app.url}/sign-in`, { headers: { cookie: cookies }, redirect: 'manual' });
    if (answer.status === 200) expect(isSignIn({ html: answer.text } as Visit)).toBe(true);
    return answer.status === 303;
  };

  it('a cookie of another deployment is worthless here, and forms with it are refused', async () => {
    const other = await startApp({ environment: { REKEY_SECRET: 'another-master-key-0123456789-abcdefghijkl' } });
    try {
      const foreigner = await aUser(other);
      const there = new Visitor(other);
      const form = await there.get('/sign-in');
      await signIn(there, form, foreigner);
      const here = new Visitor(app);
      for (const [name, value] of there.cookies) here.cookies.set(name, value);
      expect(isSignIn(await here.get('/sign-in'))).toBe(true);
      await expectNoTrace(async () => {
        const refused = await here.post('/sign-in', { ...form.forms[0]!.fields, ...anna });
        expectPlainPage(asPage(refused), 400);
      });
      expect(isSignIn(await here.get(new Authorization(client).path))).toBe(true);
    } finally {
      await other.close();
    }
  });

  it('a cookie that was modified, truncated, doubled or quoted is ignored', async () => {
    const visitor = await regular();
    const good = visitor.cookies.get('rekey-session')!;
    expect(await isKnown(`rekey-session=${good}`)).toBe(true);
    const flipped = (good.startsWith('A') ? 'B' : 'A') + good.slice(1);
    for (const header of [
      `rekey-session=${flipped}`,
      `rekey-session=${good.slice(0, -1)}`,
      `rekey-session=${good}A`,
      `rekey-session=${good}=`,
      `rekey-session="${good}"`,
      `rekey-session=${good}; rekey-session=${flipped}`,
      `rekey-session=${flipped}; rekey-session=${good}`,
      `REKEY-SESSION=${good}`,
      `__Host-rekey-session=${good}`,
      `rekey-browser=${good}`,
      `rekey-session=`,
      `rekey-session=${good.toUpperCase()}`,
      `rekey-session=${encodeURIComponent(`${good}\0`)}`,
      `rekey-session=${'A'.repeat(8000)}`,
      `${'a=b; '.repeat(1000)}`,
      `;;;=;rekey-session`,
    ]) {
      await expectNoTrace(async () => expect(await isKnown(header)).toBe(false));
    }
    expect(await isKnown(`rekey-session=${good}`)).toBe(true);
  });

  it('cookies swapped between two browsers make the forms invalid', async () => {
    const [one, other] = [await regular(), await regular(await aUser(app))];
    const question = await one.get(new Authorization(client, { prompt: 'consent' }).path);
    const signOut = await one.get('/end-session');
    const account = await one.get('/account');
    const browserOfOther = other.cookies.get('rekey-browser')!;
    const sessionOfOther = other.cookies.get('rekey-session')!;
    const swaps: Record<string, string>[] = [
      { 'rekey-browser': browserOfOther },
      { 'rekey-session': sessionOfOther },
      { 'rekey-browser': browserOfOther, 'rekey-session': sessionOfOther },
    ];
    for (const swap of swaps) {
      const mixed = new Visitor(app);
      for (const [name, value] of [...one.cookies, ...Object.entries(swap)]) mixed.cookies.set(name, value);
      await expectNoTrace(async () => {
        for (const visit of [question, signOut, account]) {
          expectPlainPage(asPage(await mixed.submit(visit, { decision: 'allow' })), 400);
        }
      });
    }
    expect(isSignIn(await one.get('/sign-in'))).toBe(false);
    expect(isSignIn(await other.get('/sign-in'))).toBe(false);
  });
});

describe('a form', () => {
  const endsWith = async (visitor: Visitor): Promise<void> => {
    const account = await visitor.get('/account');
    await visitor.submit(
      account,
      {},
      account.forms.find(({ action }) => action === '/account/sign-out'),
    );
  };

  it.each(['\u4f60', '\r\nx: y', '\u0001', '\u00e9', '\u2028', '#x', 'client_id=%'])(
    'a consent form without a session, for a request that no URL could have, is refused: %j',
    async (query) => {
      const answer = await send(`${app.url}/consent`, {
        method: 'POST',
        redirect: 'manual',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body: new URLSearchParams({ decision: 'allow', authorization_request: query }).toString(),
      });
      expect([303, 400]).toContain(answer.status);
      expect(answer.headers.get('location') ?? '/authorize?').toMatch(/^\/authorize\?[!-~]*$/);
      expect(answer.headers.get('x')).toBeNull();
    },
  );

  it('a consent form sent after the session has ended leads to the sign-in and stores no consent', async () => {
    const user = await aUser(app);
    const visitor = new Visitor(app);
    const question = await signIn(visitor, await visitor.get(new Authorization(client).path), user);
    await endsWith(visitor);
    await expectNoTrace(async () => {
      expect(isSignIn(await visitor.submit(question, { decision: 'allow' }))).toBe(true);
      expect(isSignIn(await visitor.submit(question, { decision: 'deny' }))).toBe(true);
    });
  });

  it('a consent form shown in one session of a user is not valid in the next', async () => {
    const user = await aUser(app);
    const visitor = new Visitor(app);
    const question = await signIn(visitor, await visitor.get(new Authorization(client).path), user);
    await endsWith(visitor);
    await signIn(visitor, await visitor.get('/sign-in'), user);
    await expectNoTrace(async () => {
      expectPlainPage(asPage(await visitor.submit(question, { decision: 'allow' })), 400);
    });
  });

  it('an account form sent after the session has ended leads to the sign-in and ends nothing', async () => {
    const visitor = await regular();
    const account = await visitor.get('/account');
    await endsWith(visitor);
    await expectNoTrace(async () => {
      for (const form of account.forms) expect(isSignIn(await visitor.submit(account, {}, form))).toBe(true);
    });
  });

  it('a sign-out form sent twice, after the session has ended, shows that the user is signed out', async () => {
    const visitor = await regular();
    const question = await visitor.get('/end-session');
    expect((await visitor.submit(question)).status).toBe(200);
    await expectNoTrace(async () => expectPlainPage(asPage(await visitor.submit(question)), 200));
  });

  it('a sign-in form replayed with the cookies but without the password signs nobody in', async () => {
    const user = await aUser(app);
    const visitor = new Visitor(app);
    const form = await visitor.get('/sign-in');
    await signIn(visitor, form, user);
    await endsWith(visitor);
    const replay = await visitor.submit(form, { username: user.username, password: '' });
    expect([replay.status, isSignIn(replay)]).toEqual([403, true]);
    expect(visitor.cookies.has('rekey-session')).toBe(false);
  });

  it('a form with repeated fields, or fields of another form, is an error page', async () => {
    const visitor = await regular();
    const question = await visitor.get(new Authorization(client, { prompt: 'consent' }).path);
    const { action, fields } = question.forms[0]!;
    const encoded = new URLSearchParams({ ...fields, decision: 'deny' }).toString();
    await expectNoTrace(async () => {
      const twice = await postForm(app.url + action, `${encoded}&decision=allow`, cookieHeader(visitor));
      expectPlainPage(twice, 400);
      const signOut = await visitor.get('/end-session');
      const foreign = { ...fields, form_token: signOut.forms[0]!.fields['form_token']! };
      expectPlainPage(asPage(await visitor.post(action, { ...foreign, decision: 'allow' })), 400);
    });
  });
});

describe('a clock that is two minutes off', () => {
  const BACK = -120;
  const FORWARD = 120;

  it('with all keys younger than the clock difference, tokens are valid', async () => {
    const young = await startApp();
    const spa = await browserClient(young);
    const user = await aUser(young);
    young.clock.advanceSeconds(BACK);
    const { status, body } = await signInAndExchange(young, spa, user);
    expect(status).toBe(200);
    expect((await send(`${young.url}/userinfo`, { headers: bearer(body.access_token) })).status).toBe(200);
    expect((await refresh(young, spa, body.refresh_token)).status).toBe(200);
    expect(serverErrors(young)).toEqual([]);
    await young.close();
  });

  // A secret counts from when it was made.
  beforeAll(() => app.clock.advanceSeconds(600));

  it('after the clock goes back, a code is redeemed once, and its tokens are valid', async () => {
    const authorization = new Authorization(client);
    const code = (await authorize(app, anna, authorization)).get('code')!;
    app.clock.advanceSeconds(BACK);
    const { status, body } = await authorization.exchange(app, client, code);
    expect(status).toBe(200);
    expect((await introspect(app, client, body.access_token)).body.active).toBe(true);
    expect((await send(`${app.url}/userinfo`, { headers: bearer(body.access_token) })).status).toBe(200);
    expect((await refresh(app, client, body.refresh_token)).status).toBe(200);
    expectError(await authorization.exchange(app, client, code), 400, 'invalid_grant');
    expect((await introspect(app, client, body.access_token)).body.active).toBe(false);
    app.clock.advanceSeconds(FORWARD);
    expect((await introspect(app, client, body.access_token)).body.active).toBe(false);
  });

  it('after the clock goes forward, a code has expired, and the user signs in again without an error', async () => {
    const visitor = await regular();
    const authorization = new Authorization(client);
    const code = (await authorize(app, anna, authorization, visitor)).get('code')!;
    app.clock.advanceSeconds(FORWARD);
    expectError(await authorization.exchange(app, client, code), 400, 'invalid_grant');
    expect((await signInAndExchange(app, client, anna, { prompt: 'none' }, visitor)).status).toBe(200);
  });

  it.each([BACK, FORWARD])('after a step of %d s, the session and the forms stay valid', async (seconds) => {
    const visitor = await regular();
    const question = await visitor.get(new Authorization(client, { prompt: 'consent' }).path);
    const form = await new Visitor(app).get('/sign-in');
    app.clock.advanceSeconds(seconds);
    expect(isSignIn(await visitor.get('/sign-in'))).toBe(false);
    expect((await agree(visitor, question)).url.searchParams.get('code')).toMatch(/^ac_/);
    const late = new Visitor(app);
    late.cookies.set('rekey-browser', /rekey-browser=([^;]*)/.exec(form.headers.getSetCookie().join())![1]!);
    expect(isSignIn(await signIn(late, form, anna))).toBe(false);
    app.clock.advanceSeconds(-seconds);
  });

  it.each([
    { seconds: BACK, maxAge: '60', asks: false },
    { seconds: BACK, maxAge: '0', asks: false },
    { seconds: FORWARD, maxAge: '60', asks: true },
    { seconds: FORWARD, maxAge: '180', asks: false },
  ])('after a step of $seconds s, max_age=$maxAge asks for a sign-in: $asks', async ({ seconds, maxAge, asks }) => {
    const visitor = await regular();
    app.clock.advanceSeconds(seconds);
    const visit = await visitor.get(new Authorization(client, { max_age: maxAge }).path);
    expect(isSignIn(visit)).toBe(asks);
    app.clock.advanceSeconds(-seconds);
  });

  it.each([BACK, FORWARD])(
    'after a step of %d s, an ID token is accepted as a hint and signs its session out',
    async (seconds) => {
      const visitor = new Visitor(app);
      const { body } = await signInAndExchange(app, client, anna, {}, visitor);
      app.clock.advanceSeconds(seconds);
      const hint = { id_token_hint: body.id_token as string };
      expect((await signInAndExchange(app, client, anna, { prompt: 'none', ...hint }, visitor)).status).toBe(200);
      const { id_token: next } = (await refresh(app, client, body.refresh_token)).body;
      expect(decodeJwt(next)).toMatchObject({ auth_time: decodeJwt(body.id_token)['auth_time'] });
      const visit = await visitor.get(withQuery('/end-session', { ...hint, post_logout_redirect_uri: HOME }));
      expect(visit.url.href).toBe(HOME);
      app.clock.advanceSeconds(-seconds);
      expect(isSignIn(await visitor.get('/sign-in'))).toBe(true);
    },
  );
});
