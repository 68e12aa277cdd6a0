/**
 * All settings of a client except its name and type. A new field is an entry here and a migration that adds its column with
 * the same default. Rules between fields are in `client-registration.ts`.
 */
import { DEFAULT_ID_TOKEN_ALGORITHM, signingAlgorithms, type SigningAlgorithm } from '../keys/signing-algorithm.js';
import { grantTypes, type GrantType } from '../oauth/grant-type.js';
import { clientAuthMethods, type ClientAuthMethod } from './client-auth-method.js';
import { choice, flag, number, text, texts, words, type Field } from './client-field.js';

const DAY_SECONDS = 86_400;
const MAX_REDIRECT_URIS = 50;
const MAX_CLAIMS = 50;
const MAX_URI_CHARACTERS = 2000;

export const clientFields = {
  tokenEndpointAuthMethod: choice<ClientAuthMethod>(clientAuthMethods, {
    initially: 'client_secret_basic',
    description: 'Always none for a public client.',
    option: ['--auth-method <method>', 'client_secret_basic, client_secret_post or none'],
  }),
  strict: flag({
    initially: false,
    description:
      'Whether it must authenticate by its token_endpoint_auth_method. Otherwise a client with a secret may send it by Basic or in the body.',
    option: ['--strict', 'must authenticate by its auth method alone', 'may send its secret by Basic or in the body'],
  }),
  grantTypes: words<GrantType>(grantTypes, {
    initially: ['refresh_token'],
    option: ['--grant <type...>', 'authorization_code, refresh_token, client_credentials'],
  }),
  scopes: texts(200, {
    initially: [],
    description: 'The scopes that its tokens may have at most.',
    example: ['read', 'write'],
    option: ['--scope <scope>', 'the scopes that its tokens may have at most, separated by spaces'],
  }),
  /** OpenID Connect Core §3.1.2.1 says to ignore them. */
  unknownScopes: choice(['ignore', 'refuse'], {
    initially: 'ignore',
    description:
      'Whether an authorization request that asks for more than `scopes` is granted the rest, or refused with invalid_scope.',
    option: ['--unknown-scopes <policy>', 'ignore or refuse, at /authorize'],
  }),
  audience: texts(20, {
    initially: [],
    description:
      'The `aud` of its access tokens (empty: the issuer), and the audiences whose tokens it may introspect as a resource server.',
    option: ['--audience <audience...>', 'the resource servers that its access tokens are for'],
  }),
  accessTokenFormat: choice(['jwt', 'opaque'], {
    initially: 'jwt',
    option: ['--token-format <format>', 'jwt or opaque access tokens'],
  }),
  /** RFC 9068 §2.1 */
  accessTokenTyp: choice(['at+jwt', 'JWT'], {
    initially: 'at+jwt',
    description: 'The `typ` of its JWT access tokens: JWT for resource servers that know no at+jwt.',
    option: ['--token-typ <typ>', 'at+jwt, or JWT for resource servers that know no at+jwt'],
  }),
  accessTokenTtlSeconds: number(10, DAY_SECONDS, {
    initially: 600,
    option: ['--token-ttl <seconds>', 'how long its access tokens live'],
  }),
  rotation: choice(['always', 'public_only', 'never'], {
    initially: 'always',
    within: 'refresh',
    description: 'Which clients get a new refresh token at each refresh.',
    option: ['--rotation <policy>', 'always, public_only or never'],
  }),
  retryWindowSeconds: number(0, 600, {
    initially: 60,
    within: 'refresh',
    description:
      'The grace period: how long presenting the previous token again is a retry, which gets the same successor.',
    option: ['--retry-window <seconds>', 'the grace period: how long a repeated request is a retry, not reuse'],
  }),
  idleTtlSeconds: number(60, 3650 * DAY_SECONDS, {
    initially: 30 * DAY_SECONDS,
    within: 'refresh',
    description: 'How long a family lives without a refresh. Restarts at each refresh.',
    option: ['--idle-ttl <seconds>', 'how long a family lives unused'],
  }),
  absoluteTtlSeconds: number(60, 3650 * DAY_SECONDS, {
    initially: 365 * DAY_SECONDS,
    within: 'refresh',
    description: 'How long a family lives at most, counted from its start.',
    option: ['--absolute-ttl <seconds>', 'how long a family lives at most'],
  }),
  reuseResponse: choice(['revoke_family', 'revoke_subject_client', 'revoke_subject', 'report_only'], {
    initially: 'revoke_family',
    within: 'refresh',
    description: 'What is revoked when a refresh token is reused.',
    option: ['--reuse-response <response>', 'revoke_family, revoke_subject_client, revoke_subject or report_only'],
  }),
  scopeNarrowing: choice(['request', 'sticky'], {
    initially: 'request',
    within: 'refresh',
    description:
      'Whether a narrower scope applies to one access token (`request`) or to the family from then on (`sticky`).',
    option: ['--scope-narrowing <mode>', 'request or sticky'],
  }),
  mayIntrospect: flag({
    initially: false,
    description: 'Whether it may introspect tokens of other clients that are issued for its audience.',
    option: ['--may-introspect', 'allows it to introspect tokens for its audience', 'does not allow it'],
  }),
  /** Compared exactly (RFC 9700 §2.1). */
  redirectUris: texts(MAX_REDIRECT_URIS, {
    initially: [],
    description:
      'Where the responses to its authorization requests may go, compared exactly: https, http on a loopback address, or for a public client a scheme like com.example.app.',
    example: ['https://shop.example.com/signed-in'],
    option: ['--redirect-uri <uri...>', 'where the responses to its authorization requests may go'],
  }),
  allowedOrigins: texts(MAX_REDIRECT_URIS, {
    initially: [],
    description:
      'The origins whose scripts may use it at /token, /revoke and /userinfo. If empty: for a public client those of its https and http redirect URIs, for a confidential one none.',
    example: ['https://app.example.com'],
    option: ['--allowed-origin <origin...>', 'the origins whose scripts may use it'],
  }),
  /** OpenID Connect RP-Initiated Logout §2. */
  postLogoutRedirectUris: texts(MAX_REDIRECT_URIS, {
    initially: [],
    description: 'Where the browser may go after signing out.',
    option: ['--post-logout-redirect-uri <uri...>', 'where the browser may go after signing out'],
  }),
  /** Only a confidential client may turn it off (RFC 9700 §2.1.1). */
  requirePkce: flag({
    initially: true,
    description:
      'Whether its authorization requests must have a code challenge (RFC 7636). Always, for a public client.',
    option: [
      '--require-pkce',
      'refuses its authorization requests without a code challenge',
      'accepts them; only for a confidential client',
    ],
  }),
  firstParty: flag({
    initially: false,
    description: 'Whether it belongs to this service, so that its users are not asked for their consent.',
    option: [
      '--first-party',
      'belongs to this service: its users are not asked for their consent',
      'does not: they are asked',
    ],
  }),
  idTokenSignedResponseAlg: choice(Object.keys(signingAlgorithms) as SigningAlgorithm[], {
    initially: DEFAULT_ID_TOKEN_ALGORITHM,
    description:
      'The algorithm of its ID tokens and logout tokens: RS256, or the one that this service signs access tokens with.',
    option: ['--id-token-alg <algorithm>', 'the algorithm of its ID tokens'],
  }),
  /** OpenID Connect Core §5.4 leaves them to userinfo. */
  userClaimsInIdToken: flag({
    initially: false,
    description:
      'Whether its ID tokens have all claims of its granted scopes as well, for clients that do not ask userinfo.',
    option: [
      '--user-claims-in-id-token',
      'its ID tokens have name, email and the like as well',
      'they are at userinfo alone',
    ],
  }),
  idTokenClaims: texts(MAX_CLAIMS, {
    initially: [],
    description: 'The claims of its granted scopes that its ID tokens have as well, by name.',
    example: ['email', 'groups'],
    option: ['--id-token-claim <claim...>', 'the claims of its scopes that its ID tokens have as well'],
  }),
  accessTokenClaims: texts(MAX_CLAIMS, {
    initially: [],
    description:
      'The claims of its granted scopes that its access tokens have as well, by name, as they are when the token is issued.',
    example: ['groups'],
    option: ['--access-token-claim <claim...>', 'the claims of its scopes that its access tokens have as well'],
  }),
  claimNames: texts(MAX_CLAIMS, {
    initially: [],
    description:
      'Claims of users that it finds under another name, in its tokens and at userinfo: `groups=roles` says `roles` for `groups`.',
    example: ['groups=cognito:groups'],
    option: ['--claim-name <renaming...>', 'claims that it finds under another name, like groups=roles'],
  }),
  /** OpenID Connect Back-Channel Logout §2.2. */
  backchannelLogoutUri: text(MAX_URI_CHARACTERS, {
    initially: null,
    description:
      'The URI that this service calls when a user has signed out (OpenID Connect Back-Channel Logout). Null for none.',
    example: 'https://shop.example.com/backchannel-logout',
    option: ['--backchannel-logout-uri <uri>', 'the URI to call when a user has signed out', 'removes it'],
  }),
};

export type ClientFieldName = keyof typeof clientFields;

/** A client's fields and their values. */
export type ClientFields = { [K in ClientFieldName]: (typeof clientFields)[K]['initially'] };

export const clientFieldEntries = Object.entries<Field>(clientFields) as [ClientFieldName, Field][];

/** The name in the database and in the admin API. */
export const snakeCase = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
