/** How a client authenticates (RFC 7591 §2, `token_endpoint_auth_method`); each client registers one method. */
export const clientAuthMethods = ['client_secret_basic', 'client_secret_post', 'none'] as const;

export type ClientAuthMethod = (typeof clientAuthMethods)[number];
