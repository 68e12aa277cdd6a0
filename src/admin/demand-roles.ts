/** Prevents privilege escalation: to change an admin, or a client that may act as one, the caller needs each of their roles. */
import { insufficientScope } from '../oauth/bearer-token.js';
import { grants, isAdminRole } from '../oauth/scope.js';

/** @param scope of the caller @param of the scopes or roles of the one to be changed @throws OAuthError insufficient_scope */
export function demandRoles(scope: readonly string[], of: readonly string[]): void {
  const missing = of.find((token) => isAdminRole(token) && !grants(scope, token));
  if (missing !== undefined) throw insufficientScope(missing);
}
