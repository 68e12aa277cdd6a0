/** Invariants of every page with any content: no injected markup, and accessible. */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import type { VNode } from 'preact';
import { renderToString } from 'preact-render-to-string';
import { AccountPasswordPage } from '../endpoints/account/account-password.page.js';
import { ForgottenPage } from '../endpoints/recovery/forgotten.page.js';
import { NotePage } from '../endpoints/recovery/note.page.js';
import { ResetPage } from '../endpoints/recovery/reset.page.js';
import { AccountPage } from '../endpoints/account/account.page.js';
import { FormPostPage } from '../endpoints/authorize/form-post.page.js';
import { ConsentPage } from '../endpoints/authorize/consent.page.js';
import { SignInPage } from '../endpoints/sign-in/sign-in.page.js';
import { UpstreamFailedPage } from '../endpoints/upstream/upstream-failed.page.js';
import { HomePage } from '../endpoints/home/home.page.js';
import { SignOutPage } from '../endpoints/end-session/sign-out.page.js';
import { SignedOutPage } from '../endpoints/end-session/signed-out.page.js';
import { english } from './english.js';
import { ErrorPage } from './error.page.js';
import { LayoutPage } from './layout.page.js';
import { styleOf } from './style.js';
import type { Texts } from './texts.js';
import { traditionalChinese } from './traditional-chinese.js';

const CSS = styleOf('#3b63d6');

const definitions = new Map([
  [
    'albums',
    { name: 'albums', claims: [], into: [], audience: null, texts: { en: 'Albums & more', 'zh-Hant': '相簿' } },
  ],
]);

/** Every page, with `text` in place of all variable content. */
const pages: Record<string, (texts: Texts, text: string) => VNode> = {
  SignInPage: (texts, text) =>
    SignInPage({
      texts,
      action: '/sign-in',
      formToken: text,
      authorizationRequest: text,
      clientName: text,
      username: text,
      problem: 'throttled',
      obstacle: 'other_user',
      retryAfterSeconds: 5,
      hasNewPassword: true,
      forgottenHref: '/sign-in/forgotten',
      supportHref: '/support',
      upstream: { name: text, href: `/sign-in/upstream?authorization_request=${text}` },
    }),
  'SignInPage, of the account': (texts, text) => SignInPage({ texts, action: '/sign-in', formToken: text }),
  ConsentPage: (texts, text) =>
    ConsentPage({
      texts,
      action: '/consent',
      formToken: text,
      authorizationRequest: text,
      clientName: text,
      clientHost: text,
      userName: text,
      definitions,
      scopes: [
        { name: text, granted: false },
        { name: 'profile', granted: false },
        { name: 'offline_access', granted: false },
        { name: text, granted: true },
      ],
      claims: [text, 'email', 'constructor'],
      offline: true,
      isPublicUnidentified: true,
      otherUserHref: `/authorize?${text}`,
    }),
  SignOutPage: (texts, text) =>
    SignOutPage({
      texts,
      action: '/end-session/confirm',
      formToken: text,
      userName: text,
      clientName: text,
      parameters: { state: text, post_logout_redirect_uri: text, ui_locales: undefined },
      stayHref: '/account',
    }),
  HomePage: (texts, text) =>
    HomePage({
      texts,
      userName: text,
      signInHref: '/sign-in',
      accountHref: '/account',
      signOutHref: '/end-session',
      discoveryHref: '/.well-known/openid-configuration',
      trial: { demoHref: '/demo', consoleHref: '/console', adminApiHref: '/admin/v1/openapi.json' },
    }),
  SignedOutPage: (texts) => SignedOutPage({ texts, signInHref: '/account', isWithheld: true }),
  AccountPage: (texts, text) =>
    AccountPage({
      texts,
      userName: text,
      userDetail: text,
      sessions: [true, false].map((isCurrent) => ({
        id: `${text}${isCurrent}`,
        isCurrent,
        userAgent: text,
        source: text,
        createdAt: 0,
        lastUsedAt: 1,
      })),
      access: [
        { familyId: text, clientName: text, scope: ['openid', text], isOffline: true, createdAt: 0, lastUsedAt: 1 },
        { familyId: text, clientName: text, scope: [], isOffline: false, createdAt: 0, lastUsedAt: 1 },
      ],
      definitions,
      consents: [{ clientId: text, clientName: text, scope: ['email', text], claims: [text], grantedAt: 0 }],
      passwordChangedAt: 0,
      actions: {
        signOut: '/a',
        changePassword: '/f',
        endSession: '/b',
        endAllSessions: '/c',
        endAccess: '/d',
        withdraw: '/e',
      },
      formToken: text,
      done: 'access_ended',
    }),
  AccountPasswordPage: (texts, text) =>
    AccountPasswordPage({
      texts,
      action: '/account/password',
      backHref: '/account',
      formToken: text,
      minCharacters: 15,
      refusal: { verdict: 'refused' },
    }),
  ForgottenPage: (texts, text) =>
    ForgottenPage({
      texts,
      action: '/sign-in/forgotten',
      backHref: '/sign-in',
      formToken: text,
      retryAfterSeconds: 5,
      supportHref: '/support',
    }),
  ResetPage: (texts, text) =>
    ResetPage({
      texts,
      action: '/sign-in/new-password',
      formToken: text,
      link: text,
      username: text,
      minCharacters: 15,
      refusal: { verdict: 'unfit', flaw: 'common' },
    }),
  NotePage: (texts) =>
    NotePage({ about: texts.forgotten.sent, onward: { href: '/sign-in', label: texts.signIn.title } }),
  FormPostPage: (texts, text) =>
    FormPostPage({ texts, action: `https://app.example/cb?${text}`, parameters: { code: text, state: text } }),
  ErrorPage: (texts, text) =>
    ErrorPage({
      texts,
      problem: 'unknownRedirectUri',
      correlationId: text,
      mismatch: { sent: text, registered: [text] },
    }),
  UpstreamFailedPage: (texts, text) =>
    UpstreamFailedPage({ texts, problem: 'upstreamFailed', correlationId: text, href: `/authorize?${text}` }),
};

function htmlOf(page: (texts: Texts, text: string) => VNode, texts: Texts, text: string): string {
  const brand = { name: text, logo: undefined, icon: `data:${text}` };
  const { language } = texts;
  return renderToString(LayoutPage({ language, title: text, brand, css: CSS, isWide: false, body: page(texts, text) }));
}

const rows = Object.entries(pages).flatMap(([name, page]) =>
  [english, traditionalChinese].map((texts) => ({ name, page, texts, language: texts.language })),
);

const all = (pattern: RegExp, html: string): string[] => [...html.matchAll(pattern)].map(([, found]) => found!);

const tagsIn = (html: string): string[] => all(/(<[^\s>]*)/g, html);
/** An injected quote, in a tag or outside, would change this. */
const quotesIn = (html: string): number => html.split('"').length;

const HOSTILE = [
  '<script>alert(1)</script>',
  '"><img src=x onerror=alert(1)>',
  `' onmouseover='alert(1)`,
  '" autofocus onfocus="alert(1)',
  '</title></style></script></textarea><svg onload=alert(1)>',
  '<!--',
  ']]><a href=javascript:alert(1)>',
  '&lt;script&gt;',
];

it('these tests cover every page of the service', () => {
  const sources = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.page.tsx'),
  );
  const exported = sources.flatMap((file) => all(/^export const (\w+Page) =/gm, readFileSync(`src/${file}`, 'utf8')));
  expect(exported.length).toBeGreaterThan(7);
  // A mail has inline styles, because mail programs drop style sheets; it has tests of its own.
  const others = ['LayoutPage', 'MailPage'];
  expect(exported.filter((name) => !(name in pages) && !others.includes(name))).toEqual([]);
});

describe.each(rows)('$name in $language', ({ page, texts }) => {
  const harmless = htmlOf(page, texts, 'Xyzzy');

  it('the page has the same tags and attributes when all its content is hostile', () => {
    for (const hostile of HOSTILE) {
      const html = htmlOf(page, texts, hostile);
      const seen = { hostile, tags: tagsIn(html), quotes: quotesIn(html) };
      expect(seen).toEqual({ hostile, tags: tagsIn(harmless), quotes: quotesIn(harmless) });
    }
  });

  it('the page shows an ampersand as an ampersand', () => {
    expect(htmlOf(page, texts, '&lt;b&gt;')).toContain('&amp;lt;b&amp;gt;');
  });

  it('the page has a language, one heading, one main landmark, and no skipped heading level', () => {
    expect(harmless).toContain(`<html lang="${texts.language}">`);
    expect(all(/(<h1)\b/g, harmless)).toHaveLength(1);
    expect(all(/(<main)\b/g, harmless)).toHaveLength(1);
    const levels = all(/<h([1-6])\b/g, harmless).map(Number);
    expect(levels.filter((level, at) => level > (levels[at - 1] ?? 0) + 1)).toEqual([]);
  });

  it('the page has a label for each field, and each referenced description exists', () => {
    const ids = all(/ id="([^"]+)"/g, harmless);
    expect(new Set(ids).size).toBe(ids.length);
    const fields = all(/(<input\b[^>]*>)/g, harmless).filter((tag) => !tag.includes('type="hidden"'));
    for (const field of fields) expect(harmless).toContain(`<label for="${/ id="([^"]+)"/.exec(field)?.[1]}">`);
    const described = all(/ aria-describedby="([^"]+)"/g, harmless).flatMap((list) => list.split(' '));
    expect(ids).toEqual(expect.arrayContaining(described));
  });

  it('the page has no inline style or script, and loads nothing', () => {
    expect(harmless).not.toMatch(/<[^>]*\s(?:style|on\w+)=/);
    expect(all(/(?:src|href)="([^"]*)"/g, harmless).filter((url) => !/^(?:\/[^/]|data:)/.test(url))).toEqual([]);
    expect(harmless.replace(CSS, '')).not.toMatch(/url\(|@import/);
    expect(CSS).not.toMatch(/url\(|@import/);
  });

  it('the page has its style sheet unchanged, so that the hash matches', () => {
    expect(all(/<style>([^]*?)<\/style>/g, harmless)).toEqual([CSS]);
  });
});

describe('the sign-in page', () => {
  const page = (problem?: 'wrong' | 'throttled') =>
    renderToString(
      SignInPage({
        texts: english,
        action: '/sign-in',
        formToken: 't',
        username: 'ada',
        problem,
        retryAfterSeconds: 90,
      }),
    );

  it('the sign-in page supports password managers and phones', () => {
    expect(page()).toMatch(/<input[^>]* name="username"[^>]* autocomplete="username"[^>]* autocapitalize="none"/);
    expect(page()).toMatch(/<input[^>]* name="password"[^>]* type="password"[^>]* autocomplete="current-password"/);
  });

  it('the sign-in page never returns a password', () => {
    expect(page('wrong')).not.toMatch(/<input[^>]* name="password"[^>]* value=/);
  });

  it('the sign-in page announces an error and links it to the fields', () => {
    expect(page()).not.toContain('role="alert"');
    expect(page('wrong')).toMatch(/role="alert" id="problem">That username and password do not match/);
    expect(page('wrong').match(/aria-describedby="problem" aria-invalid="true"/g)).toHaveLength(2);
    expect(page('throttled')).toContain('There were too many attempts. Try again in 2 minutes.');
    expect(page('throttled')).not.toContain('aria-invalid="true"');
  });
});

describe('the consent page', () => {
  const page = (changes: Partial<Parameters<typeof ConsentPage>[0]>) =>
    renderToString(
      ConsentPage({
        texts: english,
        action: '/consent',
        formToken: 't',
        authorizationRequest: 'client_id=a&scope=b',
        clientName: 'Photo Album',
        clientHost: 'photos.example',
        userName: 'ada',
        definitions,
        scopes: [],
        claims: [],
        offline: false,
        isPublicUnidentified: false,
        ...changes,
      }),
    );

  it('the consent page describes each scope, and shows unknown ones by name', () => {
    const html = page({
      scopes: ['openid', 'email', 'photos:read', 'albums'].map((name) => ({ name, granted: false })),
    });
    for (const text of ['Know who you are', 'See your email address', '<code>photos:read</code>', 'Albums &amp; more'])
      expect(html).toContain(text);
  });

  it('the consent page separates new permissions from those granted before', () => {
    const html = page({
      scopes: [
        { name: 'email', granted: true },
        { name: 'phone', granted: false },
      ],
    });
    const [fresh = '', before = ''] = html.split('You have allowed this before');
    expect(fresh).toContain('See your phone number');
    expect(fresh).not.toContain('See your email address');
    expect(before).toContain('See your email address');
  });

  it('the consent page mentions offline access only if there will be some', () => {
    const scopes = [{ name: 'offline_access', granted: false }];
    expect(page({ scopes, offline: true })).toContain('Stay signed in when you are not using it');
    expect(page({ scopes, offline: false })).not.toContain('Stay signed in');
  });

  it('the consent page lists the claims requested by name', () => {
    expect(page({ claims: ['birthdate', 'urn:example:badge'] })).toContain('birthday, <code>urn:example:badge</code>');
  });

  it('the consent page warns of a client that any program can impersonate', () => {
    expect(page({ isPublicUnidentified: true })).toContain('Did you start this yourself?');
    expect(page({ isPublicUnidentified: false })).not.toContain('Did you start this yourself?');
  });

  it('the consent page’s form has the request and both answers', () => {
    expect(page({})).toContain('name="authorization_request" value="client_id=a&amp;scope=b"');
    for (const answer of ['allow', 'deny']) expect(page({})).toContain(`name="decision" value="${answer}"`);
  });
});
