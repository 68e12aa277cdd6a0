/**
 * The user's identity from the upstream provider. Its ID token has been verified, but the claims are still untrusted input.
 */

export interface UpstreamIdentity {
  /** The `iss` and `sub`, the only claims by which an account is linked (OpenID Connect Core §5.7). */
  readonly issuer: string;
  readonly subject: string;
  /** From userinfo and the ID token; `users/` validates them. */
  readonly claims: Readonly<Record<string, unknown>>;
  /** RFC 8176. */
  readonly amr: readonly string[];
  /** Milliseconds since the epoch; undefined if the provider sends none. */
  readonly authTime: number | undefined;
}

/** The largest clock difference that is tolerated. */
const SKEW_MS = 2 * 60_000;

const MAX_METHODS = 10;
const METHOD = /^[\x21-\x7e]{1,64}$/;

/** @param amr the unchecked claim */
export const amrOf = (amr: unknown): string[] =>
  Array.isArray(amr)
    ? amr.filter((method): method is string => typeof method === 'string' && METHOD.test(method)).slice(0, MAX_METHODS)
    : [];

/**
 * @param authTime the unchecked claim
 * @returns milliseconds, never later than now; undefined if the claim is absent or impossible
 */
export function authTimeOf(authTime: unknown, now: number): number | undefined {
  if (typeof authTime !== 'number' || !Number.isSafeInteger(authTime) || authTime <= 0) return undefined;
  const time = authTime * 1000;
  return time <= now + SKEW_MS ? Math.min(time, now) : undefined;
}

/**
 * Whether the user has authenticated as recently as the authorization request demands. A provider may ignore `prompt` and
 * `max_age`. Without `auth_time` it is trusted to have asked the user, except if `max_age` was sent, which makes `auth_time`
 * mandatory (OpenID Connect Core §3.1.3.7).
 */
export function isFresh(
  authTime: number | undefined,
  asked: { readonly prompt?: string; readonly maxAgeSeconds?: number },
  { startedAt, now }: { readonly startedAt: number; readonly now: number },
): boolean {
  if (authTime === undefined) return asked.maxAgeSeconds === undefined;
  if (asked.prompt === 'login' && authTime < startedAt - SKEW_MS) return false;
  return asked.maxAgeSeconds === undefined || now - authTime <= asked.maxAgeSeconds * 1000 + SKEW_MS;
}
