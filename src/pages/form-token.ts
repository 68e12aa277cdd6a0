/**
 * What proves that a form was shown by this service in this browser, for this purpose. Nothing of it is stored: it is a MAC over
 * the browser's random value and the binding, under a key of its own.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';

/** The name of the hidden field. */
export const FORM_TOKEN = 'form_token';

/** @param browser the random value in the browser's cookie @param binding what the form is for, and whatever it must not outlive */
export const formToken = (key: Buffer, browser: string, binding: string): string =>
  macOf(key, browser, binding).toString('base64url');

export function isFormToken(token: string, key: Buffer, browser: string, binding: string): boolean {
  const presented = Buffer.from(token, 'base64url');
  const expected = macOf(key, browser, binding);
  return presented.length === expected.length && timingSafeEqual(presented, expected);
}

/** The browser's value has a fixed length, so the two cannot be divided in another way. */
const macOf = (key: Buffer, browser: string, binding: string): Buffer =>
  createHmac('sha256', key).update(`${browser} ${binding}`).digest();

/** What a browser says of where a request comes from, and no page can make it say (Fetch Metadata, RFC 6454 §7.3). */
export interface RequestOrigin {
  readonly origin?: string | undefined;
  readonly secFetchSite?: string | undefined;
}

/**
 * Whether our own page sent the form, as far as the browser says. One that says nothing is old, and is held to its cookie.
 * `same-origin` goes before `Origin`: an embedded service may be opened under another name than its issuer's.
 */
export function isOwnForm({ origin, secFetchSite }: RequestOrigin, issuer: string): boolean {
  // `none`: the user did it, without any page.
  if (secFetchSite !== undefined)
    return secFetchSite === 'same-origin' || (secFetchSite === 'none' && isOwn(origin, issuer));
  return isOwn(origin, issuer);
}

const isOwn = (origin: string | undefined, issuer: string): boolean =>
  origin === undefined || origin === new URL(issuer).origin;
