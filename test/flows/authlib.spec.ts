/** A Python client, Authlib of Debian, that knows only the issuer URL. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { serverErrors } from '../support/expectations.js';
import { aUser, webClient, type TestUser } from '../support/sign-in.js';
import { startAppAtIssuer, type TestApp } from '../support/test-app.js';
import { TestClock } from '../support/test-clock.js';
import type { TestClient } from '../support/clients.js';

/** Debian's Python, which has its packages. */
const PYTHON = process.env.REKEY_PYTHON || '/usr/bin/python3';
const SCRIPT = fileURLToPath(new URL('./authlib_journey.py', import.meta.url));
const HOME = 'https://client.test/';

let app: TestApp;
let client: TestClient;
let user: TestUser;
/** The results of the script. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- the tests know its type
let seen: any;

beforeAll(async () => {
  // Authlib uses the system clock.
  app = await startAppAtIssuer({ clock: new TestClock(Date.now()) });
  client = await webClient(app, { postLogoutRedirectUris: [HOME], mayIntrospect: true });
  user = await aUser(app, { name: 'Alice Liddell', email: 'alice@example.com' });
  seen = JSON.parse(await journey());
});
afterAll(async () => {
  expect(serverErrors(app)).toEqual([]);
  await app.close();
});

/** Asynchronous, because the service runs in this process. */
async function journey(): Promise<string> {
  const env = {
    ISSUER: app.issuer,
    CLIENT_ID: client.clientId,
    CLIENT_SECRET: client.secret ?? '',
    REDIRECT_URI: 'https://client.test/back',
    POST_LOGOUT_REDIRECT_URI: HOME,
    DEMO_USER: user.username,
    DEMO_PASSWORD: user.password,
  };
  const { stdout } = await promisify(execFile)(PYTHON, ['-W', 'ignore', SCRIPT], { env, timeout: 60_000 });
  return stdout;
}

describe('Authlib', () => {
  it('[265] Authlib gets a code with PKCE and the issuer parameter, and redeems it', () => {
    expect(seen.answer_iss).toBe(app.issuer);
    expect(seen.token).toEqual({
      token_type: 'Bearer',
      expires_in: 600,
      scope: 'openid profile email offline_access read',
    });
  });

  it('Authlib validates the ID token with the JWKS: signature, issuer, audience, nonce and at_hash', () => {
    expect(seen.id_token).toMatchObject({ iss: app.issuer, sub: user.subject, aud: client.clientId, amr: ['pwd'] });
    expect(seen.id_token).toHaveProperty('nonce');
    expect(seen.id_token).toHaveProperty('at_hash');
    expect(seen.other_nonce).toBe('invalid_claim');
  });

  it('[222] Authlib verifies the access token with the JWKS', () => {
    expect(seen.access_token.header).toMatchObject({ typ: 'at+jwt', alg: 'ES256' });
    expect(seen.access_token.claims).toMatchObject({ iss: app.issuer, sub: user.subject, client_id: client.clientId });
  });

  it('Authlib calls userinfo', () => {
    expect(seen.userinfo).toMatchObject({ sub: user.subject, name: 'Alice Liddell', email: 'alice@example.com' });
  });

  it('[69, 276, 278, 280] Authlib refreshes: it gets another refresh token and an ID token of the same sign-in', () => {
    expect(seen.rotated).toBe(true);
    const { iss, sub, auth_time, sid } = seen.id_token;
    expect(seen.renewed_id_token).toMatchObject({ iss, sub, auth_time, sid });
    expect(seen.renewed_id_token).not.toHaveProperty('nonce');
  });

  it('[148] Authlib introspects and revokes', () => {
    expect(seen.introspection.alive).toMatchObject({ active: true, sub: user.subject });
    expect(seen.revocation).toBe(200);
    expect(seen.introspection.dead).toEqual({ active: false });
    expect(seen.refresh_after_revocation).toBe('invalid_grant');
  });

  it('Authlib signs the user out: prompt=none works before, and reports login_required after', () => {
    expect(seen.silent).toEqual(['code', 'iss', 'state']);
    expect(seen.signed_out).toBe(`${HOME}?state=out`);
    expect(seen.asked_again).toBe('login_required');
  });
});
