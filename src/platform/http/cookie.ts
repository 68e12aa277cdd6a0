/** The cookies of this service: for the whole host, HttpOnly, and SameSite=Lax. */
import { stringifySetCookie } from 'cookie';

const ATTRIBUTES = { path: '/', httpOnly: true, sameSite: 'lax' } as const;

/** Browsers accept `Secure`, and the prefix that requires it, only over TLS. */
export const areSecure = (issuer: string): boolean => issuer.startsWith('https:');

/** `__Host-` prevents other hosts of the same domain, and plain http, from setting it (RFC 6265bis §4.1.3.2). */
export const cookieName = (name: string, secure: boolean): string => `${secure ? '__Host-' : ''}rekey-${name}`;

/** A `Set-Cookie`. @param maxAgeSeconds undefined: until the browser is closed; 0 or less: deletes the cookie */
export const setCookie = (name: string, value: string, maxAgeSeconds: number | undefined, secure: boolean): string =>
  stringifySetCookie({
    ...ATTRIBUTES,
    name: cookieName(name, secure),
    value,
    ...(maxAgeSeconds !== undefined && { maxAge: Math.max(0, Math.floor(maxAgeSeconds)) }),
    secure,
  });

/**
 * The value of a cookie.
 * @param header the `Cookie` of the request
 * @returns undefined if there is none, or more than one: then another site may have planted one of them
 */
export function cookieOf(header: string | undefined, name: string): string | undefined {
  const values = (header ?? '')
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(`${name}=`))
    .map((pair) => pair.slice(name.length + 1));
  return values.length === 1 ? values[0] : undefined;
}
