/** The fields of a client as options. What they may be is for the server to say. */
import { InvalidArgumentError, type Command } from 'commander';

export interface ClientOptions {
  readonly name?: string;
  readonly authMethod?: string;
  readonly grant?: readonly string[];
  readonly scope?: string;
  readonly audience?: readonly string[];
  readonly tokenFormat?: string;
  readonly tokenTtl?: number;
  readonly mayIntrospect?: boolean;
  readonly redirectUri?: readonly string[];
  readonly postLogoutRedirectUri?: readonly string[];
  readonly requirePkce?: boolean;
  readonly firstParty?: boolean;
  readonly idTokenAlg?: string;
  /** False: none. */
  readonly backchannelLogoutUri?: string | false;
  readonly rotation?: string;
  readonly retryWindow?: number;
  readonly idleTtl?: number;
  readonly absoluteTtl?: number;
  readonly reuseResponse?: string;
  readonly scopeNarrowing?: string;
}

export const withClientOptions = (command: Command): Command =>
  command
    .option('--auth-method <method>', 'client_secret_basic, client_secret_post or none')
    .option('--grant <type...>', 'authorization_code, refresh_token, client_credentials')
    .option('--scope <scope>', 'the most that its tokens may have, with spaces between')
    .option('--audience <audience...>', 'the resource servers that its access tokens are for')
    .option('--token-format <format>', 'jwt or opaque access tokens')
    .option('--token-ttl <seconds>', 'how long its access tokens live', seconds)
    .option('--may-introspect', 'may introspect tokens whose audience it is')
    .option('--no-may-introspect', 'may not')
    .option('--redirect-uri <uri...>', 'where the answers to its authorization requests may go')
    .option('--post-logout-redirect-uri <uri...>', 'where the browser may go after signing out')
    .option('--require-pkce', 'refuses its authorization requests without a code challenge')
    .option('--no-require-pkce', 'takes them; for a confidential client alone')
    .option('--first-party', 'belongs to this service: its users are not asked for their consent')
    .option('--no-first-party', 'does not: they are asked')
    .option('--id-token-alg <algorithm>', 'what its ID tokens are signed with')
    .option('--backchannel-logout-uri <uri>', 'where it is told that a user has signed out')
    .option('--no-backchannel-logout-uri', 'is not told')
    .option('--rotation <policy>', 'always, public_only or never')
    .option('--retry-window <seconds>', 'how long asking again is a retry, not theft', seconds)
    .option('--idle-ttl <seconds>', 'how long a family lives unused', seconds)
    .option('--absolute-ttl <seconds>', 'how long a family lives at all', seconds)
    .option('--reuse-response <response>', 'revoke_family, revoke_subject_client, revoke_subject or report_only')
    .option('--scope-narrowing <mode>', 'request or sticky');

/** What JSON leaves out where it is undefined. */
export function bodyOf(options: ClientOptions): object {
  const refresh = {
    rotation: options.rotation,
    retry_window_seconds: options.retryWindow,
    idle_ttl_seconds: options.idleTtl,
    absolute_ttl_seconds: options.absoluteTtl,
    reuse_response: options.reuseResponse,
    scope_narrowing: options.scopeNarrowing,
  };
  return {
    name: options.name,
    token_endpoint_auth_method: options.authMethod,
    grant_types: options.grant,
    scopes: options.scope?.split(' ').filter(Boolean),
    audience: options.audience,
    access_token_format: options.tokenFormat,
    access_token_ttl_seconds: options.tokenTtl,
    may_introspect: options.mayIntrospect,
    redirect_uris: options.redirectUri,
    post_logout_redirect_uris: options.postLogoutRedirectUri,
    require_pkce: options.requirePkce,
    first_party: options.firstParty,
    id_token_signed_response_alg: options.idTokenAlg,
    backchannel_logout_uri: options.backchannelLogoutUri === false ? null : options.backchannelLogoutUri,
    ...(Object.values(refresh).some((value) => value !== undefined) && { refresh }),
  };
}

function seconds(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('It must be a whole number.');
  return Number(text);
}
