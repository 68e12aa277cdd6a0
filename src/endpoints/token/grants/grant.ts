import type { Client } from '../../../clients/client.js';
import type { RequestContext } from '../../../platform/http/request-context.js';
import type { Authorization } from '../../../issuance/authorization.js';
import type { GrantType } from '../../../oauth/grant-type.js';
import type { TokenRequestDto } from './token-request.dto.js';

export interface GrantRequest<Parameters extends TokenRequestDto = TokenRequestDto> {
  /** Authenticated, and allowed to use the grant. */
  readonly client: Client;
  /** Well-formed and within the client's scopes; undefined if the request names none. */
  readonly scope: readonly string[] | undefined;
  /** Within the client's audience (RFC 8707 §2); undefined if the request names none. */
  readonly resource: readonly string[] | undefined;
  readonly parameters: Parameters;
  readonly context: RequestContext;
}

/** One grant type: decides who may have a token for what. `TokenService` does the rest. */
export abstract class Grant<Parameters extends TokenRequestDto = TokenRequestDto> {
  abstract readonly type: GrantType;

  /** The class of its request parameters. */
  abstract readonly parameters: new () => Parameters;

  /** @throws OAuthError with an error code of the grant's RFC */
  abstract authorize(request: GrantRequest<Parameters>): Promise<Authorization>;
}

/** The grants of this server by their type, for `POST /token` and for the metadata. */
export class Grants extends Map<string, Grant> {}
