/**
 * Scope values (RFC 6749 §3.3): a set of case-sensitive tokens separated by single spaces. Sets are arrays in the order of
 * the grant, without duplicates.
 */

/** %x21 / %x23-5B / %x5D-7E */
const SCOPE = /^[\x21\x23-\x5B\x5D-\x7E]+(?: [\x21\x23-\x5B\x5D-\x7E]+)*$/;
const SCOPE_TOKEN = /^[\x21\x23-\x5B\x5D-\x7E]{1,128}$/;

/** Longer than any grant needs, and short enough to check cheaply. */
const MAX_SCOPE_CHARACTERS = 4096;

/** @returns the set; undefined if the text is not a scope, is empty or is too long */
export function parseScope(text: string): string[] | undefined {
  if (text.length > MAX_SCOPE_CHARACTERS || !SCOPE.test(text)) return undefined;
  return [...new Set(text.split(' '))];
}

export const isScopeToken = (text: string): boolean => SCOPE_TOKEN.test(text);

export const formatScope = (scope: readonly string[]): string => scope.join(' ');

export const isWithin = (asked: readonly string[], granted: readonly string[]): boolean =>
  asked.every((token) => granted.includes(token));

export const intersection = (scope: readonly string[], limit: readonly string[]): string[] =>
  scope.filter((token) => limit.includes(token));

/** Every role of the admin API at once. */
export const ADMIN_SCOPE = 'rekey:admin';

/** The roles of admins: each is a scope of access tokens, and an operation of the admin API needs one of them. */
export const adminRoles = [
  'rekey:read',
  'rekey:users',
  'rekey:clients',
  'rekey:revoke',
  'rekey:audit',
  'rekey:keys',
  ADMIN_SCOPE,
] as const;

export type AdminRole = (typeof adminRoles)[number];

export const isAdminRole = (token: string): token is AdminRole => adminRoles.some((role) => role === token);

/** Whether a scope has this token; `rekey:admin` stands for every role. */
export const grants = (scope: readonly string[], token: string): boolean =>
  scope.includes(token) || (isAdminRole(token) && scope.includes(ADMIN_SCOPE));

/** The scope without the admin roles that its user does not have. */
export const withinRoles = (scope: readonly string[], roles: readonly string[]): string[] =>
  scope.filter((token) => !isAdminRole(token) || grants(roles, token));

/** `openid` makes a request an OpenID Connect one (Core §3.1.2.1); `offline_access` outlives the login session (§11). */
export const OPENID = 'openid';
export const OFFLINE_ACCESS = 'offline_access';
