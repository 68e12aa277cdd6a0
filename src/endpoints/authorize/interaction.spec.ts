import { describe, expect, it } from '@jest/globals';
import type { Client } from '../../clients/client.js';
import { registrationDefaults } from '../../clients/client-registration.js';
import type { LoginSession } from '../../sessions/login-session.js';
import { ACR_PASSWORD, ACR_UPSTREAM } from '../../oauth/authentication.js';
import { OAuthError } from '../../oauth/oauth-error.js';
import type { AuthorizationRequest, Prompt } from '../../authorization/authorization-request.js';
import { nextStep, type Situation } from './interaction.js';

const NOW = Date.UTC(2030, 0, 1);

const aClient = (overrides: Partial<Client> = {}): Client => ({
  ...registrationDefaults,
  clientId: 'c1',
  name: 'A client',
  type: 'confidential',
  redirectUris: ['https://client.test/back'],
  disabledAt: null,
  secrets: [],
  ...overrides,
});

const aRequest = (overrides: Partial<AuthorizationRequest> = {}): AuthorizationRequest => ({
  client: aClient(),
  redirectUri: 'https://client.test/back',
  namedRedirectUri: true,
  responseMode: 'query',
  state: undefined,
  scope: ['openid', 'read'],
  nonce: undefined,
  codeChallenge: undefined,
  prompts: new Set<Prompt>(),
  maxAgeSeconds: undefined,
  loginHint: undefined,
  uiLocales: undefined,
  idTokenHint: undefined,
  subject: undefined,
  essentialAcr: undefined,
  resource: [],
  claims: undefined,
  isScopeCut: false,
  ...overrides,
});

const session: LoginSession = {
  id: '01a20000-0000-7000-8000-000000000000',
  subject: 'u1',
  authTime: NOW - 100_000,
  acr: ACR_PASSWORD,
  amr: ['pwd'],
  source: '192.0.2.1',
  userAgent: 'test',
  createdAt: NOW - 100_000,
  lastUsedAt: NOW,
  expiresAt: NOW + 1_000_000,
};

const BOTH = [ACR_PASSWORD, ACR_UPSTREAM];

const AGREED = { scope: ['openid', 'read'], claims: ['email'] };

const prompts = (...asked: Prompt[]) => new Set(asked);

function step(request: Partial<AuthorizationRequest>, situation: Partial<Situation> = {}): string {
  try {
    const all = { session, consent: AGREED, hintedSubject: undefined, offeredAcrs: BOTH, now: NOW, ...situation };
    return nextStep(aRequest(request), all).step;
  } catch (error) {
    if (error instanceof OAuthError) return error.code;
    throw error;
  }
}

describe('the reasons to sign in again', () => {
  it.each<[string, Partial<AuthorizationRequest>, Partial<Situation>, string | undefined]>([
    ['the hint is of another user', {}, { hintedSubject: 'u2' }, 'other_user'],
    ['a claim asks for another user', { subject: 'u2' }, {}, 'other_user'],
    ['hint and claim contradict each other', { subject: 'u1' }, { hintedSubject: 'u2' }, 'other_user'],
    ['another way to sign in is required', { essentialAcr: [ACR_UPSTREAM] }, {}, 'other_way'],
    ['the sign-in is too old', { maxAgeSeconds: 99 }, {}, undefined],
    ['the client asks for it', { prompts: prompts('login') }, {}, undefined],
    ['nobody is signed in', { subject: 'u2' }, { session: undefined }, undefined],
  ])(
    'the page says why the user must sign in again, if they cannot see it themselves: %s',
    (_what, request, situation, obstacle) => {
      const all = { session, consent: AGREED, hintedSubject: undefined, offeredAcrs: BOTH, now: NOW, ...situation };
      expect(nextStep(aRequest(request), all)).toEqual({ step: 'sign_in', obstacle });
    },
  );
});

describe('the next step', () => {
  it.each<[string, Partial<AuthorizationRequest>, Partial<Situation>, string, string]>([
    ['nobody is signed in', {}, { session: undefined }, 'sign_in', 'login_required'],
    ['the sign-in is older than max_age', { maxAgeSeconds: 99 }, {}, 'sign_in', 'login_required'],
    ['the sign-in is as old as max_age', { maxAgeSeconds: 100 }, {}, 'answer', 'answer'],
    ['the hint is of another user', {}, { hintedSubject: 'u2' }, 'sign_in', 'login_required'],
    ['the hint is of this user', {}, { hintedSubject: 'u1' }, 'answer', 'answer'],
    ['the hint is invalid', {}, { hintedSubject: null }, 'invalid_request', 'invalid_request'],
    ['a claim asks for another user', { subject: 'u2' }, {}, 'sign_in', 'login_required'],
    ['the consent covers it', {}, {}, 'answer', 'answer'],
    ['there is no consent', {}, { consent: undefined }, 'consent', 'consent_required'],
    ['the consent covers less', { scope: ['openid', 'write'] }, {}, 'consent', 'consent_required'],
    ['a claim is new', { claims: { userinfo: ['phone_number'] } }, {}, 'consent', 'consent_required'],
    ['a claim is known', { claims: { id_token: ['email'] } }, {}, 'answer', 'answer'],
    [
      'the client is first-party',
      { client: aClient({ firstParty: true }) },
      { consent: undefined },
      'answer',
      'answer',
    ],
    ['the required way to sign in was used', { essentialAcr: [ACR_PASSWORD] }, {}, 'answer', 'answer'],
    ['another way to sign in is required', { essentialAcr: [ACR_UPSTREAM] }, {}, 'sign_in', 'login_required'],
    [
      'an unknown way to sign in is required',
      { essentialAcr: ['urn:other'] },
      {},
      'unmet_authentication_requirements',
      'unmet_authentication_requirements',
    ],
    [
      'the upstream way is required without an upstream',
      { essentialAcr: [ACR_UPSTREAM] },
      { offeredAcrs: [ACR_PASSWORD] },
      'unmet_authentication_requirements',
      'unmet_authentication_requirements',
    ],
    [
      '[282] there is no consent for offline access',
      { scope: ['openid', 'read', 'offline_access'] },
      {},
      'consent',
      'consent_required',
    ],
  ])('the next step if %s', (_title, request, situation, expected, silently) => {
    expect(step(request, situation)).toBe(expected);
    expect(step({ ...request, prompts: prompts('none') }, situation)).toBe(silently);
  });

  it('the next step is a sign-in if the client requests it, whoever is signed in', () => {
    expect(step({ prompts: prompts('login') })).toBe('sign_in');
    expect(step({ prompts: prompts('select_account', 'consent') })).toBe('sign_in');
  });

  it('the next step is consent if the client requests it, even a first-party client', () => {
    expect(step({ prompts: prompts('consent') })).toBe('consent');
    expect(step({ prompts: prompts('consent'), client: aClient({ firstParty: true }) })).toBe('consent');
  });

  it.each(['com.example.app:/back', 'http://127.0.0.1/back'])(
    'the next step is consent each time for a public client that can be impersonated: %s',
    (redirectUri) => {
      const client = aClient({ type: 'public', redirectUris: [redirectUri] });
      expect(step({ client })).toBe('consent');
      expect(step({ client, prompts: prompts('none') })).toBe('consent_required');
    },
  );

  it('the next step is the response for a public client that cannot be impersonated', () => {
    expect(step({ client: aClient({ type: 'public' }) })).toBe('answer');
  });
});
