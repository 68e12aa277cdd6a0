/** Origins of web pages (RFC 6454), as browsers send them in `Origin`. */
import { redirectUriProblem } from './redirect-uri.js';

/** @returns why it may not be registered, a phrase to follow the field's name; undefined if it may */
export function originProblem(text: string): string | undefined {
  if (!URL.canParse(text) || new URL(text).origin !== text) {
    return 'must be an origin as a browser sends it: scheme and host in lower case, an international name in its xn-- form, no default port, and nothing after it';
  }
  return redirectUriProblem(text, 'confidential');
}

/** @returns the origin of a redirect URI; undefined for a private-use scheme, from which no script is loaded */
export const webOriginOf = (uri: string): string | undefined =>
  /^https?:/.test(uri) ? new URL(uri).origin : undefined;
