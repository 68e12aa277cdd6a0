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
    .option('--grant <type...>', 'refresh_token, client_credentials')
    .option('--scope <scope>', 'the most that its tokens may have, with spaces between')
    .option('--audience <audience...>', 'the resource servers that its access tokens are for')
    .option('--token-format <format>', 'jwt or opaque access tokens')
    .option('--token-ttl <seconds>', 'how long its access tokens live', seconds)
    .option('--may-introspect', 'may introspect tokens whose audience it is')
    .option('--no-may-introspect', 'may not')
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
    ...(Object.values(refresh).some((value) => value !== undefined) && { refresh }),
  };
}

function seconds(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('It must be a whole number.');
  return Number(text);
}
