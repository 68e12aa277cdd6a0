/**
 * What is tolerated although the RFC or the client's registration says otherwise. The answer says so in the header `Rekey-Hint`,
 * and the access log has the name.
 */
export const hints = {
  other_auth_method:
    'The client authenticated by another method than token_endpoint_auth_method, which a strict client may not (RFC 6749 section 2.3)',
  query_not_read: 'Parameters in the URL are not read here, they belong in the body (RFC 6749 section 3.2)',
  scope_left_out: 'Scope that is not registered for the client was left out (RFC 6749 section 3.3)',
  no_grace_period:
    'With retry_window_seconds 0 a client whose answer is lost is taken for a thief, and its user is signed out (RFC 9700 section 4.14.2)',
} as const;

export type Hint = keyof typeof hints;
