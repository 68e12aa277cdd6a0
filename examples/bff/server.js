/**
 * The server of a browser application (a backend for the frontend): it is the client, keeps the tokens, and gives the browser a
 * cookie. What it leaves out: sessions that outlive the process, an end for sign-ins that nobody finishes, TLS.
 */
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import * as openid from 'openid-client';

const { ISSUER = 'http://127.0.0.1:3000', CLIENT_ID, CLIENT_SECRET, PORT = '4001' } = process.env;
if (!CLIENT_ID || !CLIENT_SECRET) throw new Error('Set CLIENT_ID and CLIENT_SECRET: README.md says how to register');
const HERE = `http://127.0.0.1:${PORT}`;

const execute = ISSUER.startsWith('http:') ? [openid.allowInsecureRequests] : []; // plain http is for this machine alone
const authentication = openid.ClientSecretBasic(CLIENT_SECRET);
const config = await openid.discovery(new URL(ISSUER), CLIENT_ID, undefined, authentication, { execute });

const signIns = new Map(); // sign-ins that are under way, by the browser's cookie
const sessions = new Map(); // signed-in users, by the session's cookie
const newId = () => randomBytes(32).toString('base64url');

async function beginSignIn() {
  const [browser, state, nonce, verifier] = [newId(), openid.randomState(), openid.randomNonce(), newId()];
  signIns.set(browser, { expectedState: state, expectedNonce: nonce, pkceCodeVerifier: verifier });
  const url = openid.buildAuthorizationUrl(config, {
    redirect_uri: `${HERE}/callback`,
    scope: 'openid profile offline_access',
    state,
    nonce,
    code_challenge: await openid.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
  });
  return { url, browser };
}

/** @param url where the browser has come back to. State, issuer, nonce and the ID token's signature are checked */
async function finishSignIn(url, browser) {
  const checks = signIns.get(browser);
  signIns.delete(browser);
  if (!checks) throw new Error('This browser has not begun to sign in');
  const tokens = await openid.authorizationCodeGrant(config, url, { ...checks, idTokenExpected: true });
  const { sub } = tokens.claims();
  const { name } = await openid.fetchUserInfo(config, tokens.access_token, sub);
  const [id, session] = [newId(), { user: { sub, name: name ?? sub }, tokens }];
  sessions.set(id, session); // a new id at each sign-in, so that a planted cookie is worthless
  return id;
}

/** One refresh at a time for each session: tabs that ask meanwhile share its result. */
function refresh(session) {
  session.refreshing ??= openid
    .refreshTokenGrant(config, session.tokens.refresh_token)
    .then((tokens) => (session.tokens = tokens))
    .finally(() => (session.refreshing = undefined));
  return session.refreshing;
}

/** Here, then at the issuer: the refresh token would outlive both. */
async function signOut(id, session) {
  sessions.delete(id);
  await openid.tokenRevocation(config, session.tokens.refresh_token);
  const idToken = session.tokens.id_token;
  return openid.buildEndSessionUrl(config, { id_token_hint: idToken, post_logout_redirect_uri: `${HERE}/` });
}

const file = (path, type) => async () => ({ type, body: await readFile(new URL(path, import.meta.url)) });
const json = (value) => ({ type: 'application/json', body: JSON.stringify(value) });
const cookie = (name, value) => `${name}=${value}; Path=/; HttpOnly; SameSite=Lax`; // over https: Secure and __Host-

const pages = {
  'GET /': file('index.html', 'text/html'),
  'GET /page.js': file('page.js', 'text/javascript'),
  'GET /style.css': file('../style.css', 'text/css'),
  'GET /sign-in': async () => {
    const { url, browser } = await beginSignIn();
    return { status: 303, location: url.href, cookie: cookie('browser', browser) };
  },
  'GET /callback': async ({ url, cookies }) => {
    const id = await finishSignIn(url, cookies.browser);
    return { status: 303, location: '/', cookie: cookie('session', id) };
  },
};

/** Only for signed-in users, and for requests of our own page. Here the application's APIs would be called, with the token. */
const api = {
  'GET /api/user': async ({ session }) => json(session.user),
  'POST /api/refresh': async ({ session }) => json({ expiresIn: (await refresh(session)).expiresIn() }),
  'POST /api/sign-out': async ({ id, session }) => json({ next: (await signOut(id, session)).href }),
};

async function answerTo(request) {
  const url = new URL(request.url, HERE);
  const cookies = Object.fromEntries((request.headers.cookie ?? '').split('; ').map((pair) => pair.split('=', 2)));
  const [path, id] = [`${request.method} ${url.pathname}`, cookies.session];
  if (Object.hasOwn(pages, path)) return pages[path]({ url, cookies });
  if (!Object.hasOwn(api, path)) return { status: 404 };
  if (request.headers['sec-fetch-site'] !== 'same-origin') return { status: 403 };
  const session = sessions.get(id);
  if (!session) return { status: 401 };
  try {
    return await api[path]({ id, session });
  } catch (error) {
    if (error.error !== 'invalid_grant') throw error;
    sessions.delete(id); // revoked, expired or stolen: the session is over
    return { status: 401 };
  }
}

const headers = {
  'content-security-policy': "default-src 'self'; img-src data:; base-uri 'none'; frame-ancestors 'none'",
  'referrer-policy': 'same-origin',
  'cache-control': 'no-store',
};

createServer(async (request, response) => {
  const answer = await answerTo(request).catch((error) => {
    console.error(`${request.method} ${request.url.split('?', 1)[0]}: ${error.error ?? error.message}`);
    return { status: 502, type: 'text/plain', body: 'That did not work. Go back, and try again.' };
  });
  const { status = 200, type, body, location, cookie } = answer;
  response.writeHead(status, {
    ...headers,
    ...(type && { 'content-type': `${type}; charset=utf-8` }),
    ...(location && { location }),
    ...(cookie && { 'set-cookie': cookie }),
  });
  response.end(body);
}).listen(Number(PORT), '127.0.0.1', () => console.log(`The application is at ${HERE}/`));
