/** The console as a client of this service: it signs admins in like any other client. */
import { registrationDefaults, type ClientRegistration } from '../../clients/client-registration.js';
import { CODE_CHALLENGE_METHOD, codeChallengeOf } from '../../oauth/pkce.js';
import { adminRoles, formatScope, OPENID } from '../../oauth/scope.js';

export const CONSOLE_CLIENT_ID = 'rekey-console';

const CONSOLE_SCOPE = [OPENID, ...adminRoles];

export const consoleAddresses = (issuer: string) => ({ redirectUris: [`${issuer}/console/callback`] });

export const consoleClient = (issuer: string): ClientRegistration => ({
  ...registrationDefaults,
  ...consoleAddresses(issuer),
  name: 'Console',
  type: 'confidential',
  grantTypes: ['authorization_code'],
  scopes: [...CONSOLE_SCOPE],
  firstParty: true,
  accessTokenFormat: 'opaque',
  // It ends with the login session and with the user's roles, so its own end may be far away.
  accessTokenTtlSeconds: 3600,
});

/** The query of an authorization request. */
export function authorizationQuery(
  issuer: string,
  { state, codeVerifier, prompt }: { state: string; codeVerifier: string; prompt?: 'none' },
): string {
  return new URLSearchParams({
    response_type: 'code',
    client_id: CONSOLE_CLIENT_ID,
    redirect_uri: consoleAddresses(issuer).redirectUris[0]!,
    scope: formatScope(CONSOLE_SCOPE),
    state,
    code_challenge: codeChallengeOf(codeVerifier),
    code_challenge_method: CODE_CHALLENGE_METHOD,
    ...(prompt && { prompt }),
  }).toString();
}
