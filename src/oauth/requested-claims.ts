/** The names of the claims that an authorization request asked for one by one (OpenID Connect Core §5.5), by where they are to be. */
export interface RequestedClaims {
  readonly userinfo?: readonly string[];
  readonly id_token?: readonly string[];
}
