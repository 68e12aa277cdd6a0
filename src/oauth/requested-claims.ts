/** The claims that an authorization request asks for by name (OpenID Connect Core §5.5), by their destination. */
export interface RequestedClaims {
  readonly userinfo?: readonly string[];
  readonly id_token?: readonly string[];
}
