/** Signs users in like real clients and users: an authorization request, the pages, a code, tokens. */
import { randomBytes } from 'node:crypto';
import { codeChallengeOf } from '../../src/oauth/pkce.js';
import { UsersService } from '../../src/users/users.service.js';
import { confidentialClient, publicClient, type TestClient } from './clients.js';
import { postAs, type Answer } from './requests.js';
import type { TestApp } from './test-app.js';
import { Visitor, type Visit } from './visitor.js';
import type { ClientRegistration } from '../../src/clients/client-registration.js';

export const REDIRECT_URI = 'https://client.test/back';

export interface TestUser {
  readonly subject: string;
  readonly username: string;
  readonly password: string;
}

/** A service's URL and its issuer. */
export interface Site {
  readonly url: string;
  readonly issuer: string;
}

let count = 0;

/** alice1, alice2, …, with a password of her own. */
export async function aUser(app: TestApp, claims: Record<string, unknown> = {}): Promise<TestUser> {
  const [username, password] = [`alice${++count}`, `correct horse ${randomBytes(6).toString('hex')}`];
  const users = app.nest.get(UsersService, { strict: false });
  const { subject } = await users.create({ username, password, claims }, { actor: 'test', correlationId: 'test' });
  return { subject, username, password };
}

/** A confidential client that signs users in, and may keep them signed in. */
export const webClient = (app: TestApp, overrides: Partial<ClientRegistration> = {}): Promise<TestClient> =>
  confidentialClient(app, { ...signsUsersIn, ...overrides });

/** Like `webClient`, but public. */
export const browserClient = (app: TestApp, overrides: Partial<ClientRegistration> = {}): Promise<TestClient> =>
  publicClient(app, { ...signsUsersIn, ...overrides });

const signsUsersIn: Partial<ClientRegistration> = {
  grantTypes: ['authorization_code', 'refresh_token'],
  scopes: ['openid', 'profile', 'email', 'address', 'phone', 'offline_access', 'read', 'write'],
  redirectUris: [REDIRECT_URI],
};

/** An authorization request of a client, with the verifier to redeem its code. */
export class Authorization {
  readonly codeVerifier = randomBytes(32).toString('base64url');
  readonly parameters: Record<string, string>;

  /** @param overrides null removes a parameter */
  constructor(client: TestClient, overrides: Record<string, string | null> = {}) {
    const all: Record<string, string | null> = {
      response_type: 'code',
      client_id: client.clientId,
      redirect_uri: REDIRECT_URI,
      scope: 'openid offline_access read',
      state: 'the-state',
      nonce: 'the-nonce',
      code_challenge: codeChallengeOf(this.codeVerifier),
      code_challenge_method: 'S256',
      ...overrides,
    };
    const given = Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== null);
    this.parameters = Object.fromEntries(given);
  }

  get path(): string {
    return `/authorize?${new URLSearchParams(this.parameters).toString()}`;
  }

  /** The token request parameters for a code of this request, without client credentials. */
  redemptionOf(code: string): Record<string, string> {
    const redirectUri = this.parameters['redirect_uri'] ?? '';
    return { code, redirect_uri: redirectUri, code_verifier: this.codeVerifier };
  }

  exchange(
    app: { url: string },
    client: TestClient,
    code: string,
    fields: Record<string, string> = {},
  ): Promise<Answer> {
    const redemption = { grant_type: 'authorization_code', ...this.redemptionOf(code) };
    return postAs(client, `${app.url}/token`, { ...redemption, ...fields });
  }
}

/** Fills in the sign-in form that the visit shows. */
export const signIn = (visitor: Visitor, visit: Visit, { username, password }: TestUser): Promise<Visit> =>
  visitor.submit(visit, { username, password });

/** Gives consent if asked. */
export const agree = async (visitor: Visitor, visit: Visit): Promise<Visit> =>
  isConsent(visit) ? visitor.submit(visit, { decision: 'allow' }) : visit;

export const isSignIn = ({ html }: Visit): boolean => html.includes('name="password"');

export const isConsent = ({ html }: Visit): boolean => html.includes('name="decision"');

/** The whole authorization: request, and sign-in and consent if asked. @returns the URL of the response */
export async function authorize(
  app: Site,
  user: TestUser,
  authorization: Authorization,
  visitor = new Visitor(app),
): Promise<URLSearchParams> {
  let visit = await visitor.get(authorization.path);
  if (isSignIn(visit)) visit = await signIn(visitor, visit, user);
  visit = await agree(visitor, visit);
  if (!visit.left) throw new Error(`The user was not sent back, but shown (${visit.status}): ${visit.html}`);
  return visit.url.searchParams;
}

/** @returns the token response */
export async function signInAndExchange(
  app: Site,
  client: TestClient,
  user: TestUser,
  overrides: Record<string, string | null> = {},
  visitor = new Visitor(app),
): Promise<Answer> {
  const authorization = new Authorization(client, overrides);
  const answer = await authorize(app, user, authorization, visitor);
  return authorization.exchange(app, client, answer.get('code') ?? '');
}
