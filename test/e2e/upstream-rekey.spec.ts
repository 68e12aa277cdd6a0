/** One Rekey as the upstream provider of another, over HTTP. */
import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import { decodeJwt } from 'jose';
import { LoginSessions } from '../../src/sessions/login-sessions.service.js';
import { UsersService } from '../../src/users/users.service.js';
import type { TestClient } from '../support/clients.js';
import { serverErrors } from '../support/expectations.js';
import { freePort } from '../support/server-process.js';
import {
  agree,
  aUser,
  Authorization,
  isConsent,
  isSignIn,
  signIn,
  webClient,
  type TestUser,
} from '../support/sign-in.js';
import { startApp, startAppAtIssuer, type TestApp } from '../support/test-app.js';
import { TestClock } from '../support/test-clock.js';
import { Visitor, type Visit } from '../support/visitor.js';

let upstream: TestApp;
let app: TestApp;
let client: TestClient;
let anna: TestUser;

beforeAll(async () => {
  // openid-client goes by the system's clock.
  const clock = new TestClock(Date.now());
  const port = String(await freePort());
  const issuer = `http://127.0.0.1:${port}`;
  upstream = await startAppAtIssuer({ clock });
  const rekey = await webClient(upstream, { name: 'Rekey', redirectUris: [`${issuer}/sign-in/upstream/callback`] });
  app = await startApp({
    clock,
    environment: {
      PORT: port,
      REKEY_ISSUER: issuer,
      REKEY_UPSTREAM_ISSUER: upstream.issuer,
      REKEY_UPSTREAM_CLIENT_ID: rekey.clientId,
      REKEY_UPSTREAM_CLIENT_SECRET: rekey.secret!,
    },
  });
  client = await webClient(app);
  anna = await aUser(upstream, { name: 'Anna Ng', email: 'anna@example.com', email_verified: true });
});
afterAll(() => Promise.all([app.close(), upstream.close()]));
afterEach(() => expect([...serverErrors(app), ...serverErrors(upstream)]).toEqual([]));

/** One user with one browser, which separates the cookies of both hosts. */
class Person {
  readonly here = new Visitor(app);
  readonly there = new Visitor(upstream);

  /** Follows the redirect to the upstream provider, signs in and gives consent there if asked, and comes back. */
  async through(query: string): Promise<{ visit: Visit; askedToSignIn: boolean }> {
    const page = await this.here.get(`/authorize?${query}`);
    expect(isSignIn(page)).toBe(true);
    const [, href] = /href="(\/sign-in\/upstream[^"]*)"/.exec(page.html)!;
    const left = await this.here.get(href!.replaceAll('&amp;', '&'));
    expect(left.url.origin).toBe(upstream.issuer);
    let visit = await this.there.get(left.url.href);
    const askedToSignIn = isSignIn(visit);
    if (askedToSignIn) visit = await signIn(this.there, visit, anna);
    visit = await agree(this.there, visit);
    expect(visit.left).toBe(true);
    return { visit: await this.here.get(visit.url.href), askedToSignIn };
  }

  /** @returns the claims of the ID token that the client gets */
  async signIn(overrides: Record<string, string> = {}) {
    const authorization = new Authorization(client, { scope: 'openid profile email', ...overrides });
    const { visit, askedToSignIn } = await this.through(authorization.path.split('?')[1]!);
    const back = await agree(this.here, visit);
    const { body } = await authorization.exchange(app, client, back.url.searchParams.get('code') ?? '');
    return {
      ...decodeJwt<{ sub: string; sid: string; auth_time: number }>(body.id_token),
      askedToSignIn,
      accessToken: body.access_token,
    };
  }
}

it('a user of one Rekey signs in at another, and is the same user the next time', async () => {
  const person = new Person();
  const first = await person.signIn();
  expect(first).toMatchObject({ iss: app.issuer, acr: 'urn:rekey:upstream', amr: ['pwd'], askedToSignIn: true });
  expect(first.sub).not.toBe(anna.subject);
  const claims = await app.nest.get(UsersService, { strict: false }).claimsOf(first.sub);
  expect(claims).toMatchObject({ name: 'Anna Ng', email: 'anna@example.com', email_verified: true });

  const elsewhere = await new Person().signIn();
  expect(elsewhere.sub).toBe(first.sub);
  expect(elsewhere.sid).not.toBe(first.sid);
});

it('a user with a session at the upstream provider is not asked there, and auth_time is from that session', async () => {
  const person = new Person();
  const first = await person.signIn();
  const [session] = await app.nest.get(LoginSessions, { strict: false }).list(first.sub);
  await app.nest.get(LoginSessions, { strict: false }).end(session!.id);
  app.clock.advanceSeconds(600);
  const again = await person.signIn();
  expect(again).toMatchObject({ sub: first.sub, auth_time: first.auth_time, askedToSignIn: false });
  expect(again.iat).toBe(first.iat! + 600);
});

it.each([{ prompt: 'login' }, { max_age: '60' }])('%j makes the upstream provider ask again', async (overrides) => {
  const person = new Person();
  const first = await person.signIn();
  app.clock.advanceSeconds(600);
  const again = await person.signIn(overrides);
  expect(again).toMatchObject({ sub: first.sub, sid: first.sid, askedToSignIn: true });
  expect(again.auth_time).toBe(first.auth_time + 600);
});

it('a user who refuses at the provider gets a message, and can start again', async () => {
  const person = new Person();
  const query = new Authorization(client).path.split('?')[1]!;
  const page = await person.here.get(`/authorize?${query}`);
  const [, href] = /href="(\/sign-in\/upstream[^"]*)"/.exec(page.html)!;
  const stranger = await aUser(upstream);
  const left = await person.here.get(href!.replaceAll('&amp;', '&'));
  const asked = await signIn(person.there, await person.there.get(left.url.href), stranger);
  expect(isConsent(asked)).toBe(true);
  const denied = await person.there.submit(asked, { decision: 'deny' });
  expect(denied.url.searchParams.get('error')).toBe('access_denied');
  const visit = await person.here.get(denied.url.href);
  expect(visit.status).toBe(403);
  const [, again] = /href="(\/authorize[^"]*)"/.exec(visit.html)!;
  expect(isSignIn(await person.here.get(again!.replaceAll('&amp;', '&')))).toBe(true);
});
