/** The grant types that Rekey knows (RFC 6749 §1.3); what each does is one file in `endpoints/token/grants/`. */
export const grantTypes = ['refresh_token', 'client_credentials', 'authorization_code'] as const;

export type GrantType = (typeof grantTypes)[number];
