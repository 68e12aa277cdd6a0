/** The syntax of URIs (RFC 3986); stricter than the WHATWG parser, which repairs its input. */

/** §2.2, §2.3 and well-formed percent-encoding (§2.1): no space, control, backslash, quote, angle bracket or brace. */
const URI_CHARACTERS = /^(?:[A-Za-z0-9\-._~:/?#[\]@!$&'()*+,;=]|%[0-9A-Fa-f]{2})+$/;

/** §3.1 */
const SCHEME = /^[A-Za-z][A-Za-z0-9+.-]*:./;

export const hasUriCharactersOnly = (text: string): boolean => URI_CHARACTERS.test(text);

export const isAbsoluteUri = (text: string): boolean =>
  SCHEME.test(text) && hasUriCharactersOnly(text) && URL.canParse(text);

/** Adds parameters to a URI and leaves the rest of it, including its query, unchanged (RFC 6749 §3.1.2). */
export function withParameters(uri: string, parameters: Record<string, string>): string {
  const separator = uri.includes('?') ? (/[?&]$/.test(uri) ? '' : '&') : '?';
  return `${uri}${separator}${new URLSearchParams(parameters).toString()}`;
}
