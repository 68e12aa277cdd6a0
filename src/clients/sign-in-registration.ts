/** Rules of the fields that a client registers for signing users in (RFC 7591 §2, OpenID Connect Registration and logout). */
import type { SigningAlgorithm } from '../keys/signing-algorithm.js';
import { claimNameProblem } from '../oauth/claim-name.js';
import { originProblem } from '../oauth/origin.js';
import { isHttp, redirectUriProblem } from '../oauth/redirect-uri.js';
import type { EgressPolicy } from '../platform/egress/egress-policy.js';
import { renamingProblems } from './claim-renaming.js';
import { canBeToldApart } from './client-identity.js';
import type { ClientEntity } from './client.entity.js';

export type SignInRegistration = Pick<
  ClientEntity,
  | 'type'
  | 'grantTypes'
  | 'redirectUris'
  | 'postLogoutRedirectUris'
  | 'allowedOrigins'
  | 'requirePkce'
  | 'firstParty'
  | 'idTokenSignedResponseAlg'
  | 'backchannelLogoutUri'
  | 'idTokenClaims'
  | 'accessTokenClaims'
  | 'claimNames'
  | 'scopes'
>;

/** The facts about the deployment that the rules need. */
export interface Deployment {
  /** The algorithms that it has signing keys for. */
  readonly signingAlgorithms: readonly SigningAlgorithm[];
  readonly production: boolean;
  /** For the URIs that this service calls. */
  readonly egress: EgressPolicy;
}

/** @returns all problems, each beginning with the name of its field */
export function signInProblems(client: SignInRegistration, deployment: Deployment): string[] {
  const { signingAlgorithms } = deployment;
  const rules: [broken: boolean, problem: string][] = [
    [
      client.grantTypes.includes('authorization_code') && client.redirectUris.length === 0,
      'redirect_uris must hold at least one for the grant type authorization_code',
    ],
    [
      !client.requirePkce && client.type === 'public',
      'require_pkce must be true for a public client (RFC 9700 section 2.1.1)',
    ],
    [
      client.firstParty && !canBeToldApart(client),
      'first_party needs a client that cannot be impersonated: a confidential one, or one whose redirect URIs are all https',
    ],
    [
      !signingAlgorithms.includes(client.idTokenSignedResponseAlg),
      `id_token_signed_response_alg must be one that this service has a key for: ${signingAlgorithms.join(', ')}`,
    ],
  ];
  return [
    ...rules.filter(([broken]) => broken).map(([, problem]) => problem),
    ...listProblems('redirect_uris', client.redirectUris, (uri) => redirectUriProblem(uri, client.type)),
    ...listProblems('post_logout_redirect_uris', client.postLogoutRedirectUris, (uri) =>
      redirectUriProblem(uri, client.type),
    ),
    ...listProblems('allowed_origins', client.allowedOrigins, originProblem),
    ...listProblems('id_token_claims', client.idTokenClaims, claimNameProblem),
    ...listProblems('access_token_claims', client.accessTokenClaims, claimNameProblem),
    ...renamingProblems(client.claimNames, client.scopes),
    ...backchannelProblems(client.backchannelLogoutUri, deployment),
  ];
}

/** Problems name URIs by their position, because they go into answers and logs, and the URIs are unchecked input. */
function listProblems(
  field: string,
  uris: readonly string[],
  problemOf: (uri: string) => string | undefined,
): string[] {
  return uris.flatMap((uri, index) => {
    const problem = problemOf(uri);
    return problem === undefined ? [] : [`${field} entry ${index + 1} ${problem}`];
  });
}

/** This service calls the URI itself (Back-Channel Logout §2.2). */
function backchannelProblems(uri: string | null, { production, egress }: Deployment): string[] {
  if (uri === null) return [];
  const problem = redirectUriProblem(uri, 'confidential');
  if (problem !== undefined) return [`backchannel_logout_uri ${problem}`];
  const isPlain = isHttp(uri);
  if (isPlain && production) return ['backchannel_logout_uri must be https in production'];
  const refusal = egress.refusalOfLiteral(new URL(uri).hostname);
  if (refusal !== undefined) {
    return [`backchannel_logout_uri names a ${refusal} address, which REKEY_EGRESS_ALLOW does not list`];
  }
  return isPlain && new URL(uri).hostname === 'localhost'
    ? ['backchannel_logout_uri must name 127.0.0.1 or [::1], not localhost']
    : [];
}
