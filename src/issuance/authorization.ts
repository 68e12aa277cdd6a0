import type { Client } from '../clients/client.js';
import type { Authentication } from '../oauth/authentication.js';
import type { RequestedClaims } from '../oauth/requested-claims.js';
import type { UserClaims } from '../users/released-claims.js';

/**
 * What a grant decides: who may have an access token for what. A decision, not a response: `IssuanceService` issues the tokens
 * and knows no grants.
 */
export interface Authorization {
  readonly client: Client;
  /** The `sub`: a user, or the client itself where no user is involved. */
  readonly subject: string;
  readonly scope: readonly string[];
  /** The identity of the access token: see `access-token.ts`. */
  readonly jti: string;
  /** Milliseconds since the epoch, as all times here. */
  readonly issuedAt: number;
  /** The access token expires by then: the family's end. */
  readonly notAfter?: number;
  /** The family's public id. */
  readonly familyId?: string;
  readonly refreshToken?: string;
  /** The audience of the access token (RFC 8707); undefined: the client's whole audience. */
  readonly resource?: readonly string[];
  /** How the user proved who they are; absent where no user did so here. */
  readonly authentication?: Authentication;
  /** From the authorization request; an ID token of a refresh has none (OpenID Connect Core §12.2). */
  readonly nonce?: string;
  readonly requestedClaims?: RequestedClaims;
  /** The user's claims if the grant has already read them: a code is single use, so reading them must not fail after it is redeemed. */
  readonly userClaims?: UserClaims;
}
