import type { Client } from '../../clients/client.js';
import type { RequestContext } from '../../http/request-context.js';
import type { Authorization } from '../../issuance/authorization.js';
import type { Form } from '../../oauth/form.js';
import type { GrantType } from '../../oauth/grant-type.js';

export interface GrantRequest {
  /** Authenticated, and allowed to use the grant. */
  readonly client: Client;
  /** Well-formed and within what the client may have; undefined where the request names none. */
  readonly scope: readonly string[] | undefined;
  /** The whole request, for the parameters that only this grant knows. */
  readonly form: Form;
  readonly context: RequestContext;
}

/** What is peculiar to one grant type: it decides who may have a token for what. The rest is `TokenService`. */
export abstract class Grant {
  abstract readonly type: GrantType;

  /** @throws OAuthError in the words of the grant's RFC */
  abstract authorize(request: GrantRequest): Promise<Authorization>;
}
