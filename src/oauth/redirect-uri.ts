/**
 * Redirect URIs: which may be registered, and which presented ones match. Presented URIs are compared exactly (RFC 9700
 * §2.1), never parsed or normalized: normalizing lets different URIs match. So all checks happen at registration.
 */
import { hasUriCharactersOnly } from './uri.js';

const MAX_URI_CHARACTERS = 2000;

/** RFC 8252 §7.3. Not `localhost`, which may resolve to another address (§8.3). */
const LOOPBACK = /^(http:\/\/(?:127\.0\.0\.1|\[::1\]))(?::([1-9][0-9]{0,4}))?(?=[/?]|$)/;

/** The hosts allowed with http. `localhost` is for development, and its port must match. */
const HTTP_HOSTS = ['127.0.0.1', '[::1]', 'localhost'];

const LOOPBACK_HOST = /^(?:127(?:\.\d{1,3}){3}|\[::1\]|(?:.+\.)?localhost)$/;

/** A reversed domain name (RFC 8252 §7.1). The dot rules out well-known schemes. */
const PRIVATE_USE_SCHEME = /^[a-z][a-z0-9-]*(?:\.[a-z0-9-]+)+$/;

/** Other characters that WHATWG allows in a host have a meaning in a Content-Security-Policy. */
const PLAIN_HOST = /^(?:[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*|\[[0-9a-f:.]+\])$/;

/** Encoded characters that a proxy may decode: dot, slash, backslash, percent sign, controls. */
const ENCODED_IN_PATH = /%(?:2e|2f|5c|25|[01][0-9a-f]|7f)/i;
const ENCODED_CONTROL = /%(?:[01][0-9a-f]|7f)/i;
const DOT_SEGMENT = /\/\.{1,2}(?:[;/?]|$)/;

/** The response adds these parameters, and each must occur only once. */
const RESPONSE_PARAMETERS = ['code', 'state', 'iss', 'error', 'error_description', 'error_uri'];

type ClientType = 'confidential' | 'public';

/** @param presented as in the request; only its port may differ, and only for a loopback address (RFC 8252 §7.3) */
export function matchesRegistered(registered: readonly string[], presented: string): boolean {
  if (presented.length > MAX_URI_CHARACTERS || !hasUriCharactersOnly(presented)) return false;
  if (registered.includes(presented)) return true;
  const portless = withoutLoopbackPort(presented);
  return portless !== undefined && registered.some((uri) => withoutLoopbackPort(uri) === portless);
}

/** @returns undefined unless it has a loopback address */
function withoutLoopbackPort(uri: string): string | undefined {
  const match = LOOPBACK.exec(uri);
  if (!match || Number(match[2] ?? 80) > 65_535) return undefined;
  return match[1]! + uri.slice(match[0].length);
}

/** @param uri a registered one @returns whether it leads to the user's own machine, where any program may listen */
export const isLoopback = (uri: string): boolean => LOOPBACK_HOST.test(new URL(uri).hostname);

export const isHttp = (uri: string): boolean => uri.startsWith('http:');

/** @returns why it may not be registered, a phrase to follow the field's name; undefined if it may */
export function redirectUriProblem(uri: string, clientType: ClientType): string | undefined {
  if (uri.length > MAX_URI_CHARACTERS) return `must have ${MAX_URI_CHARACTERS} characters at most`;
  if (!hasUriCharactersOnly(uri)) return 'must have the characters of a URI only (RFC 3986 section 2)';
  if (!URL.canParse(uri)) return 'must be an absolute URI';
  const url = new URL(uri);
  return schemeProblem(url, clientType) ?? spellingProblem(uri, url) ?? hostProblem(url) ?? pathProblem(url);
}

function schemeProblem({ protocol, hostname }: URL, clientType: ClientType): string | undefined {
  const scheme = protocol.slice(0, -1).toLowerCase();
  if (scheme === 'https') return undefined;
  if (scheme === 'http') {
    if (HTTP_HOSTS.includes(hostname)) return undefined;
    return 'must be https; http is allowed only for 127.0.0.1, [::1] and localhost';
  }
  if (!PRIVATE_USE_SCHEME.test(scheme))
    return 'must be https, or have a scheme like com.example.app (RFC 8252 section 7.1)';
  return clientType === 'public' ? undefined : 'must be https for a confidential client';
}

function spellingProblem(uri: string, url: URL): string | undefined {
  if (uri.includes('#')) return 'must not have a fragment (RFC 6749 section 3.1.2)';
  if (url.username !== '' || url.password !== '') return 'must not have a user name or password';
  if (uri.includes('*')) return 'must not have a *: redirect URIs are compared exactly';
  // The browser would normalize it: dot segments, default ports, upper case, `127.1`.
  if (url.href !== uri && url.href !== `${uri}/`) return 'must be in its normal form, as a browser would show it';
  return undefined;
}

function hostProblem({ host, hostname, pathname }: URL): string | undefined {
  if (host === '' && !pathname.startsWith('/')) return 'must have a slash after its scheme';
  return host === '' || PLAIN_HOST.test(hostname) ? undefined : 'must have a plain host name';
}

function pathProblem({ pathname, search, searchParams }: URL): string | undefined {
  if (ENCODED_IN_PATH.test(pathname))
    return 'must not have encoded dots, slashes, backslashes, percent signs or controls in its path';
  if (ENCODED_CONTROL.test(search)) return 'must not have encoded controls in its query';
  if (DOT_SEGMENT.test(pathname)) return 'must not have dot segments in its path';
  if (RESPONSE_PARAMETERS.some((name) => searchParams.has(name)))
    return `must not have the parameters of the response: ${RESPONSE_PARAMETERS.join(', ')}`;
  return undefined;
}
