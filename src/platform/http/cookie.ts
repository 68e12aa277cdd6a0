/** The cookies of this service: for the whole host, for requests alone, and for none that another site has a page send but a link. */
import { stringifySetCookie } from 'cookie';

const ATTRIBUTES = { path: '/', httpOnly: true, sameSite: 'lax' } as const;

/** Browsers take `Secure`, and the prefix that demands it, over TLS alone. */
export const areSecure = (issuer: string): boolean => issuer.startsWith('https:');

/** `__Host-` keeps other hosts of the same domain, and plain http, from setting it (RFC 6265bis §4.1.3.2). */
export const cookieName = (name: string, secure: boolean): string => `${secure ? '__Host-' : ''}rekey-${name}`;

/** A `Set-Cookie`. @param maxAgeSeconds undefined: until the browser is closed; none or less: it is deleted */
export const setCookie = (name: string, value: string, maxAgeSeconds: number | undefined, secure: boolean): string =>
  stringifySetCookie({
    ...ATTRIBUTES,
    name: cookieName(name, secure),
    value,
    ...(maxAgeSeconds !== undefined && { maxAge: Math.max(0, Math.floor(maxAgeSeconds)) }),
    secure,
  });

/**
 * The value of a cookie, as it came.
 * @param header the `Cookie` of the request
 * @returns undefined where there is none, and where there are two: one of them was put there by somebody else, and nobody
 *   can tell which
 */
export function cookieOf(header: string | undefined, name: string): string | undefined {
  const values = (header ?? '')
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(`${name}=`))
    .map((pair) => pair.slice(name.length + 1));
  return values.length === 1 ? values[0] : undefined;
}
