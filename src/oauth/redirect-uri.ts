/**
 * Redirect URIs: which may be registered, and which presented one is a registered one. Presented URIs are compared as they
 * are (RFC 9700 §2.1) and never parsed or mended first: every mending is a way for two spellings to meet. So all the care
 * is in the registration.
 */
import { hasUriCharactersOnly } from './uri.js';

const MAX_URI_CHARACTERS = 2000;

/** RFC 8252 §7.3. Not `localhost`: what that name means is for others to decide (§8.3). */
const LOOPBACK = /^(http:\/\/(?:127\.0\.0\.1|\[::1\]))(?::([1-9][0-9]{0,4}))?(?=[/?]|$)/;

/** What http may lead to. `localhost` is for development, and its port does not vary. */
const HTTP_HOSTS = ['127.0.0.1', '[::1]', 'localhost'];

const LOOPBACK_HOST = /^(?:127(?:\.\d{1,3}){3}|\[::1\]|(?:.+\.)?localhost)$/;

/** A domain name backwards (RFC 8252 §7.1): at least one dot, so none of the schemes that everybody knows. */
const PRIVATE_USE_SCHEME = /^[a-z][a-z0-9-]*(?:\.[a-z0-9-]+)+$/;

/** Other characters that a host may have by the WHATWG rules would mean something in a Content-Security-Policy. */
const PLAIN_HOST = /^(?:[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*|\[[0-9a-f:.]+\])$/;

/** What somebody on the way may undo: a dot, slash, backslash, percent sign or control, encoded. */
const ENCODED_IN_PATH = /%(?:2e|2f|5c|25|[01][0-9a-f]|7f)/i;
const ENCODED_CONTROL = /%(?:[01][0-9a-f]|7f)/i;
const DOT_SEGMENT = /\/\.{1,2}(?:[;/?]|$)/;

/** The answer adds them, and the client must find each of them once. */
const RESPONSE_PARAMETERS = ['code', 'state', 'iss', 'error', 'error_description', 'error_uri'];

type ClientType = 'confidential' | 'public';

/** @param presented as it stands in the request; only its port may differ, and only on a loopback address (RFC 8252 §7.3) */
export function matchesRegistered(registered: readonly string[], presented: string): boolean {
  if (presented.length > MAX_URI_CHARACTERS || !hasUriCharactersOnly(presented)) return false;
  if (registered.includes(presented)) return true;
  const portless = withoutLoopbackPort(presented);
  return portless !== undefined && registered.some((uri) => withoutLoopbackPort(uri) === portless);
}

/** @returns undefined where it is not on a loopback address */
function withoutLoopbackPort(uri: string): string | undefined {
  const match = LOOPBACK.exec(uri);
  if (!match || Number(match[2] ?? 80) > 65_535) return undefined;
  return match[1]! + uri.slice(match[0].length);
}

/** @param uri a registered one @returns whether it leads to the user's own machine, where any program may be listening */
export const isLoopback = (uri: string): boolean => LOOPBACK_HOST.test(new URL(uri).hostname);

export const isHttp = (uri: string): boolean => uri.startsWith('http:');

/** @returns why it may not be registered, to be read after the name of its field; undefined where it may */
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
    return 'must be https; http is for 127.0.0.1, [::1] and localhost alone';
  }
  if (!PRIVATE_USE_SCHEME.test(scheme))
    return 'must be https, or have a scheme like com.example.app (RFC 8252 section 7.1)';
  return clientType === 'public' ? undefined : 'must be https for a confidential client';
}

function spellingProblem(uri: string, url: URL): string | undefined {
  if (uri.includes('#')) return 'must not have a fragment (RFC 6749 section 3.1.2)';
  if (url.username !== '' || url.password !== '') return 'must not have a user name or password';
  if (uri.includes('*')) return 'must not have a *: redirect URIs are compared as they are';
  // The parser would send the browser somewhere that is spelled differently: dot segments, default ports, upper case, `127.1`.
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

/**
 * Source expressions that let a form's answer redirect to the client (CSP 3, `form-action`). Chromium holds every redirect
 * that follows to them, also those that the client makes on its way to another of its origins, which nobody here knows: so
 * schemes, and no origins.
 */
export const formTargetsOf = (uri: string): string[] => [...new Set([new URL(uri).protocol, 'https:'])];
