/** Redis is killed or frozen: users sign in and out normally, and password guessing is still slowed down. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { bearer } from '../support/admin.js';
import { timed, type Timed } from '../support/availability.js';
import type { TestClient } from '../support/clients.js';
import { Deployment } from '../support/deployment.js';
import { eventually } from '../support/eventually.js';
import { newVisitor, registerUser, registerWebClient, sendForm, siteOf } from '../support/provision-sign-in.js';
import type { RekeyProcess } from '../support/rekey-process.js';
import { introspect, refresh, send } from '../support/requests.js';
import { isSignIn, signIn, signInAndExchange, type TestUser } from '../support/sign-in.js';

const FAILURES = 5;

/** The time limit of every answer while a dependency is away, plus the time to hash a password. */
const PROMISE_MS = 2000;

let deployment: Deployment;
let rekey: RekeyProcess;
let client: TestClient;
let user: TestUser;

beforeAll(async () => {
  deployment = await Deployment.start();
  rekey = await deployment.replica({ env: { REKEY_FAILED_SIGN_INS_PER_MINUTE: String(FAILURES) } });
  client = await registerWebClient(rekey);
  user = await registerUser(rekey);
});
afterAll(() => deployment.stop());

const trackerReady = () =>
  eventually(async () => {
    const { body } = await send(`${rekey.url}/health/ready`);
    expect((body.details ?? body.info).revocation_tracker.state).toBe('ready');
  });

describe.each([
  { fault: 'is killed', begin: () => deployment.redis.kill(), end: () => deployment.redis.restart() },
  { fault: 'hangs', begin: async () => deployment.redis.pause(), end: async () => deployment.redis.resume() },
])('Redis $fault', ({ begin, end }) => {
  beforeAll(async () => {
    await trackerReady();
    await begin();
  });
  afterAll(async () => {
    await end();
    await trackerReady();
  });

  it('a user signs in, consents, is known to the client, and signs out, with effect at once', async () => {
    const visitor = newVisitor(rekey);
    const { body } = await signInAndExchange(siteOf(rekey), client, user, { scope: 'openid read' }, visitor);
    const offline = await signInAndExchange(siteOf(rekey), client, user, { prompt: 'consent' }, visitor);
    const asked = await send(`${rekey.url}/userinfo`, { headers: bearer(body.access_token) });
    expect([asked.status, asked.body.sub]).toEqual([200, user.subject]);
    await visitor.get(`/end-session?${new URLSearchParams({ id_token_hint: body.id_token as string }).toString()}`);
    expect(isSignIn(await visitor.get('/sign-in'))).toBe(true);
    expect((await introspect(rekey, client, body.access_token)).text).toBe('{"active":false}');
    const again = await send(`${rekey.url}/userinfo`, { headers: bearer(body.access_token) });
    expect([again.status, again.body.error]).toEqual([401, 'invalid_token']);
    expect((await refresh(rekey, client, offline.body.refresh_token)).status).toBe(200);
  });

  it('wrong passwords are counted in this process, and other users are not affected', async () => {
    const [victim, neighbour] = [await registerUser(rekey), await registerUser(rekey)];
    const visitor = newVisitor(rekey);
    const visit = await visitor.get('/sign-in');
    const answers: Timed[] = [];
    for (let attempt = 0; attempt <= FAILURES; attempt++) {
      const guess = { username: victim.username, password: `guess ${attempt}` };
      answers.push(await timed(() => sendForm(rekey, visitor, visit, guess)));
    }
    expect(answers.map(({ answer }) => answer.status)).toEqual([...new Array<number>(FAILURES).fill(403), 429]);
    for (const { ms } of answers) expect(ms).toBeLessThan(PROMISE_MS);
    expect(Number(answers.at(-1)!.answer.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await signIn(visitor, visit, victim)).status).toBe(429);
    expect(isSignIn(await signIn(visitor, visit, neighbour))).toBe(false);
  });
});
