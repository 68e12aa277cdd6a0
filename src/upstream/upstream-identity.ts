/**
 * Who the upstream provider says the user is, as far as Rekey takes its word. Its ID token has been verified before; what is
 * in it is still text from elsewhere.
 */

export interface UpstreamIdentity {
  /** The `iss` and `sub`, by which alone an account is linked (OpenID Connect Core §5.7). */
  readonly issuer: string;
  readonly subject: string;
  /** Of the userinfo response and the ID token; what of them is sound is for `users/` to say. */
  readonly claims: Readonly<Record<string, unknown>>;
  /** RFC 8176. */
  readonly amr: readonly string[];
  /** Milliseconds since the epoch; undefined where the provider does not tell. */
  readonly authTime: number | undefined;
}

/** How far two clocks may be apart. */
const SKEW_MS = 2 * 60_000;

const MAX_METHODS = 10;
const METHOD = /^[\x21-\x7e]{1,64}$/;

/** @param amr whatever the claim holds */
export const amrOf = (amr: unknown): string[] =>
  Array.isArray(amr)
    ? amr.filter((method): method is string => typeof method === 'string' && METHOD.test(method)).slice(0, MAX_METHODS)
    : [];

/**
 * @param authTime whatever the claim holds
 * @returns in milliseconds, never later than now; undefined where it says nothing, or nothing that can be
 */
export function authTimeOf(authTime: unknown, now: number): number | undefined {
  if (typeof authTime !== 'number' || !Number.isSafeInteger(authTime) || authTime <= 0) return undefined;
  const time = authTime * 1000;
  return time <= now + SKEW_MS ? Math.min(time, now) : undefined;
}

/**
 * Whether the user has proved who they are as lately as the authorization request wants it. A provider may ignore `prompt` and
 * `max_age`; one that does not tell `auth_time` is believed that it has asked, but where `max_age` was sent it must tell
 * (OpenID Connect Core §3.1.3.7).
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
