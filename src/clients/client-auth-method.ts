/** How a client proves who it is (RFC 7591 §2, `token_endpoint_auth_method`); one method is registered per client. */
export const clientAuthMethods = ['client_secret_basic', 'client_secret_post', 'none'] as const;

export type ClientAuthMethod = (typeof clientAuthMethods)[number];
