/**
 * Proves that this service showed the form in this browser for this purpose. Not stored: it is a MAC over the browser's random
 * value and the binding, with a key for this purpose only.
 */
import { timingSafeEqual } from 'node:crypto';
import { hmacSha256 } from '../keys/hmac.js';

/** The name of the hidden field. */
export const FORM_TOKEN = 'form_token';

/** @param browser the random value in the browser's cookie @param binding see `FormTokens.issue` */
export const formToken = (key: Buffer, browser: string, binding: string): string =>
  macOf(key, browser, binding).toString('base64url');

export function isFormToken(token: string, key: Buffer, browser: string, binding: string): boolean {
  const presented = Buffer.from(token, 'base64url');
  const expected = macOf(key, browser, binding);
  return presented.length === expected.length && timingSafeEqual(presented, expected);
}

/** The browser's value has a fixed length, so the concatenation is unambiguous. */
const macOf = (key: Buffer, browser: string, binding: string): Buffer => hmacSha256(key, `${browser} ${binding}`);

/** Headers in which the browser reports the origin of a request, and which pages cannot set (Fetch Metadata, RFC 6454 §7.3). */
export interface RequestOrigin {
  readonly origin?: string | undefined;
  readonly secFetchSite?: string | undefined;
}

/**
 * Whether our own page sent the form, according to the browser. An old browser that sends neither header is accepted here: the
 * cookie and token still protect it. `same-origin` takes precedence over `Origin`, because an embedded service may be opened
 * under another host name than its issuer's.
 */
export function isOwnForm({ origin, secFetchSite }: RequestOrigin, issuer: string): boolean {
  // `none`: a request by the user, not by a page.
  if (secFetchSite !== undefined)
    return secFetchSite === 'same-origin' || (secFetchSite === 'none' && isOwn(origin, issuer));
  return isOwn(origin, issuer);
}

const isOwn = (origin: string | undefined, issuer: string): boolean =>
  origin === undefined || origin === new URL(issuer).origin;
