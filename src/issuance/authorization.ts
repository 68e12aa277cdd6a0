import type { Client } from '../clients/client.js';

/**
 * What a grant decides: who may have an access token for what. A decision, not a response; issuing it is the business of
 * `AccessTokenService`, which knows no grant.
 */
export interface Authorization {
  readonly client: Client;
  /** The `sub`: a user, or the client itself where no user is involved. */
  readonly subject: string;
  readonly scope: readonly string[];
  /** The identity of the access token: see `token-identity.ts`. */
  readonly jti: string;
  /** Milliseconds since the epoch, as all times here. */
  readonly bornAt: number;
  /** The access token ends here at the latest: the family's end. */
  readonly notAfter?: number;
  /** The family's public id. */
  readonly sid?: string;
  readonly refreshToken?: string;
}
