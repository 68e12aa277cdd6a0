/** PostgreSQL is killed or frozen while users sign in and out: an error page in time, and nothing is lost. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { bearer } from '../support/admin.js';
import { expectUnavailable, expectUnavailablePage, timed, type Timed } from '../support/availability.js';
import type { TestClient } from '../support/clients.js';
import { Deployment } from '../support/deployment.js';
import { eventually } from '../support/eventually.js';
import { look, newVisitor, registerUser, registerWebClient, sendForm, siteOf } from '../support/provision-sign-in.js';
import type { RekeyProcess } from '../support/rekey-process.js';
import { introspect, postForm, send, type Answer } from '../support/requests.js';
import {
  agree,
  Authorization,
  authorize,
  isConsent,
  isSignIn,
  signIn,
  signInAndExchange,
  type TestUser,
} from '../support/sign-in.js';
import type { Visitor, Visit } from '../support/visitor.js';

const HOME = 'https://client.test/signed-out';

let deployment: Deployment;
let rekey: RekeyProcess;
let client: TestClient;
let user: TestUser;

beforeAll(async () => {
  deployment = await Deployment.start();
  rekey = await deployment.replica();
  client = await registerWebClient(rekey, { post_logout_redirect_uris: [HOME] });
  user = await registerUser(rekey);
});
afterAll(() => deployment.stop());

const back = () => eventually(async () => expect((await send(`${rekey.url}/health/ready`)).status).toBe(200));

/** A browser that has been shown a page. */
interface Shown {
  readonly visitor: Visitor;
  readonly visit: Visit;
}

interface Scene {
  readonly signIn: Shown;
  readonly consent: Shown;
  readonly signOut: Shown;
  readonly signedIn: Visitor;
  /** Not used yet. */
  readonly uncached: TestClient;
  readonly idToken: string;
  readonly accessToken: string;
}

/** Browsers in the middle of each step that can be interrupted. */
async function scene(): Promise<Scene> {
  const asked = new Authorization(client, { prompt: 'consent' }).path;
  const shown = async (path: string, visitor = newVisitor(rekey)): Promise<Shown> => ({
    visitor,
    visit: await visitor.get(path),
  });
  const signedIn = newVisitor(rekey);
  const { body } = await signInAndExchange(siteOf(rekey), client, user, { scope: 'openid read' }, signedIn);
  const someone = async (): Promise<Visitor> => {
    const visitor = newVisitor(rekey);
    await signIn(visitor, await visitor.get('/sign-in'), user);
    return visitor;
  };
  return {
    signIn: await shown(asked),
    consent: await shown(asked, await someone()),
    signOut: await shown('/end-session', await someone()),
    signedIn,
    uncached: await registerWebClient(rekey),
    idToken: body.id_token as string,
    accessToken: body.access_token as string,
  };
}

const credentials = () => ({ username: user.username, password: user.password });

const endSessionPath = ({ idToken }: Scene): string =>
  `/end-session?${new URLSearchParams({ id_token_hint: idToken, post_logout_redirect_uri: HOME }).toString()}`;

/** All browser requests that need PostgreSQL. */
const pages = (of: Scene): Record<string, () => Promise<Answer>> => ({
  'an authorization request': () => look(rekey, of.signedIn, new Authorization(client).path),
  'a silent authorization request': () => look(rekey, of.signedIn, new Authorization(client, { prompt: 'none' }).path),
  'an authorization request before sign-in': () => look(rekey, newVisitor(rekey), new Authorization(of.uncached).path),
  'the sign-in form': () => sendForm(rekey, of.signIn.visitor, of.signIn.visit, credentials()),
  'a wrong password': () => sendForm(rekey, of.signIn.visitor, of.signIn.visit, { username: 'x', password: 'x' }),
  'the consent form': () => sendForm(rekey, of.consent.visitor, of.consent.visit, { decision: 'allow' }),
  'a refusal of consent': () => sendForm(rekey, of.consent.visitor, of.consent.visit, { decision: 'deny' }),
  'a logout request': () => look(rekey, of.signedIn, endSessionPath(of)),
  'the answer to the logout question': () => sendForm(rekey, of.signOut.visitor, of.signOut.visit),
  'the account page': () => look(rekey, of.signedIn, '/account'),
});

const userinfo = ({ accessToken }: Scene): Record<string, () => Promise<Answer>> => ({
  'userinfo by GET': () => send(`${rekey.url}/userinfo`, { headers: bearer(accessToken) }),
  'userinfo by POST': () => postForm(`${rekey.url}/userinfo`, { access_token: accessToken }),
});

const TABLES = ['login_sessions', 'token_families', 'consents', 'logout_notices', 'revocations', 'audit_events'];

/** Everything that a request could have stored, except a session's last use. */
async function traces(): Promise<unknown[]> {
  const counts = TABLES.map((table) => `(SELECT count(*)::int FROM ${table}) AS ${table}`);
  return deployment.query(
    `SELECT ${counts.join(', ')}, (SELECT count(*)::int FROM login_sessions WHERE ended_at IS NULL) AS live,
       (SELECT count(*)::int FROM token_families WHERE revoked_at IS NULL) AS unrevoked`,
  );
}

const faults = [
  { fault: 'is killed', begin: () => deployment.postgres.kill(), end: () => deployment.postgres.restart() },
  {
    fault: 'hangs',
    begin: async () => deployment.postgres.pause(),
    end: async () => deployment.postgres.resume(),
  },
];

describe.each(faults)('PostgreSQL $fault', ({ begin, end }) => {
  let of: Scene;
  let before: unknown[];
  let after: unknown[];
  const answers = new Map<string, Timed>();

  beforeAll(async () => {
    of = await scene();
    before = await traces();
    await begin();
    try {
      for (const [what, ask] of Object.entries({ ...pages(of), ...userinfo(of) })) answers.set(what, await timed(ask));
    } finally {
      await end();
    }
    await back();
    after = await traces();
  });

  it.each(Object.keys(pages({} as Scene)))('%s is answered with a page, 503, within two seconds', (what) => {
    expectUnavailablePage(answers.get(what)!);
  });

  it.each(Object.keys(userinfo({} as Scene)))('%s is answered 503 in JSON within two seconds', (what) => {
    expectUnavailable(answers.get(what)!);
  });

  it('nothing is left behind, and nobody was signed in or out', () => {
    expect(after).toEqual(before);
  });

  it('the sign-in form can be sent again', async () => {
    const { visitor, visit } = of.signIn;
    const next = await signIn(visitor, visit, user);
    expect(isConsent(next)).toBe(true);
    expect((await agree(visitor, next)).url.searchParams.get('code')).toMatch(/^ac_/);
  });

  it('the consent form can be sent again', async () => {
    const { visitor, visit } = of.consent;
    const { url } = await agree(visitor, visit);
    expect(url.searchParams.get('code')).toMatch(/^ac_/);
  });

  it('the sign-out form can be sent again', async () => {
    const { visitor, visit } = of.signOut;
    expect((await visitor.submit(visit)).status).toBe(200);
    expect(isSignIn(await visitor.get('/sign-in'))).toBe(true);
  });

  it('a user who was signed in still is, and can be signed out', async () => {
    const answer = await send(`${rekey.url}/userinfo`, { headers: bearer(of.accessToken) });
    expect([answer.status, answer.body.sub]).toEqual([200, user.subject]);
    const { url } = await of.signedIn.get(endSessionPath(of));
    expect(url.href).toBe(HOME);
    expect((await introspect(rekey, client, of.accessToken)).text).toBe('{"active":false}');
    expect(isSignIn(await of.signedIn.get('/sign-in'))).toBe(true);
  });
});

it('a code whose redemption answered 503 and was committed late is consumed, and the user gets a new one without being asked', async () => {
  const visitor = newVisitor(rekey);
  const redeemed = async () => {
    const authorization = new Authorization(client);
    const answer = await authorize(siteOf(rekey), user, authorization, visitor);
    return () => authorization.exchange(rekey, client, answer.get('code')!);
  };
  const redeem = await redeemed();
  const [newest] = await deployment.query<{ family_id: string }>(
    'SELECT family_id FROM token_families ORDER BY created_at DESC',
  );
  const { family_id: familyId } = newest!;
  await introspect(rekey, client, 'x'); // caches the client
  deployment.postgres.pause();
  const late = await timed(redeem);
  deployment.postgres.resume();
  expectUnavailable(late);
  // PostgreSQL reads the statement from its socket, although the connection is closed.
  const family = () => deployment.query('SELECT generation FROM token_families WHERE family_id = $1', [familyId]);
  await eventually(async () => expect(await family()).toEqual([{ generation: 1 }]));
  await back();
  expect((await redeem()).body).toMatchObject({ error: 'invalid_grant' });
  const revoked = 'SELECT revoked_reason FROM token_families WHERE family_id = $1';
  expect(await deployment.query(revoked, [familyId])).toEqual([{ revoked_reason: 'code_replayed' }]);
  expect((await (await redeemed())()).status).toBe(200);
});
