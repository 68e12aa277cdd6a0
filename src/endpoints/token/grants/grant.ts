import type { Client } from '../../../clients/client.js';
import type { RequestContext } from '../../../platform/http/request-context.js';
import type { Authorization } from '../../../issuance/authorization.js';
import type { GrantType } from '../../../oauth/grant-type.js';
import type { TokenRequestDto } from './token-request.dto.js';

export interface GrantRequest<Parameters extends TokenRequestDto = TokenRequestDto> {
  /** Authenticated, and allowed to use the grant. */
  readonly client: Client;
  /** Well-formed and within what the client may have; undefined where the request names none. */
  readonly scope: readonly string[] | undefined;
  /** Within the client's audience (RFC 8707 §2); undefined where the request names none. */
  readonly resource: readonly string[] | undefined;
  readonly parameters: Parameters;
  readonly context: RequestContext;
}

/** What is peculiar to one grant type: it decides who may have a token for what. The rest is `TokenService`. */
export abstract class Grant<Parameters extends TokenRequestDto = TokenRequestDto> {
  abstract readonly type: GrantType;

  /** What a request for it must look like. */
  abstract readonly parameters: new () => Parameters;

  /** @throws OAuthError in the words of the grant's RFC */
  abstract authorize(request: GrantRequest<Parameters>): Promise<Authorization>;
}
