/**
 * URIs that other servers accepted as the registered one: known bugs of Keycloak, fosite, authentik, Pocket ID, Casdoor and
 * others. None of them equals the registered one.
 */

type Trick = readonly [name: string, uri: string];

/** @param registered like `https://client.test/back`: no port, no query */
export function hostileUris(registered: string): Trick[] {
  const { host, pathname } = new URL(registered);
  const evil = 'evil.test';
  return [
    ['a user name', `https://${host}@${evil}${pathname}`],
    ['a user name and a password', `https://${host}:443@${evil}${pathname}`],
    ['an empty user name', `https://@${host}${pathname}`],
    ['two at signs', `https://${host}@${host}@${evil}${pathname}`],
    ['an encoded at sign', `https://${host}%40${evil}${pathname}`],
    ['a backslash before an at sign', `https://${evil}\\@${host}${pathname}`],
    ['a backslash for a slash', `https://${host}\\${pathname.slice(1)}`],
    ['a backslash in the host', `https://${evil}\\.${host}${pathname}`],
    ['dot segments', `${registered}/../${evil}`],
    ['dot segments that lead back', `https://${host}/x/..${pathname}`],
    ['encoded dot segments', `https://${host}/x/%2e%2e${pathname}`],
    ['half encoded dot segments', `https://${host}/x/.%2E${pathname}`],
    ['dot segments with a parameter', `https://${host}/x/..;${pathname}`],
    ['doubly encoded dot segments', `https://${host}/x/%252e%252e${pathname}`],
    ['an encoded slash', `https://${host}%2f${pathname.slice(1)}`],
    ['an encoded letter', `https://${host}/%${pathname.charCodeAt(1).toString(16)}${pathname.slice(2)}`],
    ['a tab', `https://${host}/\t${pathname.slice(1)}`],
    ['a header after a line end', `${registered}\r\nLocation: https://${evil}`],
    ['a line feed in the scheme', `ht\ntps://${host}${pathname}`],
    ['a NUL at the end', `${registered}\0`],
    ['a space before', ` ${registered}`],
    ['a space after', `${registered} `],
    ['a dot after the host', `https://${host}.${pathname}`],
    ['a fragment', `${registered}#${evil}`],
    ['an empty fragment', `${registered}#`],
    ['a query', `${registered}?next=https://${evil}`],
    ['an empty query', `${registered}?`],
    ['a slash at the end', `${registered}/`],
    ['a longer path', `${registered}.${evil}`],
    ['a longer host', `https://${host}.${evil}${pathname}`],
    ['a host below it', `https://${evil.split('.')[0]}.${host}${pathname}`],
    ['a letter for the dot', `https://${host.replace('.', 'X')}${pathname}`],
    ['upper case in the host', `https://${host.toUpperCase()}${pathname}`],
    ['upper case in the scheme', `HTTPS://${host}${pathname}`],
    ['upper case in the path', `https://${host}${pathname.toUpperCase()}`],
    ['the default port', `https://${host}:443${pathname}`],
    ['another port', `https://${host}:8443${pathname}`],
    ['a weaker scheme', `http://${host}${pathname}`],
    ['no scheme', `//${host}${pathname}`],
    ['the path alone', pathname],
    ['a scheme with one slash', `https:/${host}${pathname}`],
    ['a scheme with no slash', `https:${host}${pathname}`],
    ['letters that look alike', registered.replace('i', '\u0131')],
    ['full-width letters', registered.replace('client', 'ｃｌｉｅｎｔ')],
    ['javascript', `javascript://${host}${pathname}%0aalert(1)`],
    ['javascript in mixed case', `JaVaScRiPt:alert(1)//${registered}`],
    ['data', `data:text/html,<script>alert(1)</script>${registered}`],
    ['a loopback address', `http://127.0.0.1:5000${pathname}`],
    ['two of them', `${registered},https://${evil}`],
    ['an asterisk', `https://*.test${pathname}`],
    ['markup', `${registered}"><script>alert(1)</script>`],
    ['somebody else', `https://${evil}`],
    ['very many characters', `${registered}?${'x'.repeat(3000)}`],
  ];
}
