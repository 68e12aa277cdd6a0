/** The supported grant types (RFC 6749 §1.3); each is one file in `endpoints/token/grants/`. */
export const grantTypes = ['refresh_token', 'client_credentials', 'authorization_code'] as const;

export type GrantType = (typeof grantTypes)[number];
