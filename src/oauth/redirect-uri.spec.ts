import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { isLoopback, matchesRegistered, redirectUriProblem } from './redirect-uri.js';

const REGISTERED = [
  'https://app.example.com/cb',
  'https://app.example.com/cb?tenant=1',
  'http://127.0.0.1/cb',
  'http://127.0.0.1:8080/other',
  'http://[::1]/cb',
  'http://localhost:3000/cb',
  'com.example.app:/cb',
];

/** URIs that other servers accepted as a registered one, each similar to one of those above. */
const HOSTILE: readonly [trick: string, presented: string][] = [
  ['user name', 'https://app.example.com@evil.example/cb'],
  ['user name and password', 'https://app.example.com:443@evil.example/cb'],
  ['user name that is empty', 'https://@app.example.com/cb'],
  ['two at signs', 'https://app.example.com@app.example.com@evil.example/cb'],
  ['encoded at sign', 'https://app.example.com%40evil.example/cb'],
  ['backslash before an at sign', 'https://evil.example\\@app.example.com/cb'],
  ['backslash for a slash', 'https://app.example.com\\cb'],
  ['backslash in the host', 'https://evil.example\\.app.example.com/cb'],
  ['dot segments', 'https://app.example.com/cb/../evil'],
  ['dot segments that lead back', 'https://app.example.com/evil/../cb'],
  ['encoded dot segments', 'https://app.example.com/evil/%2e%2e/cb'],
  ['half encoded dot segments', 'https://app.example.com/evil/.%2E/cb'],
  ['dot segments with a parameter', 'https://app.example.com/evil/..;/cb'],
  ['doubly encoded dot segments', 'https://app.example.com/evil/%252e%252e/cb'],
  ['encoded slash', 'https://app.example.com%2fcb'],
  ['encoded letter', 'https://app.example.com/c%62'],
  ['tab', 'https://app.example.com/\tcb'],
  ['carriage return and line feed', 'https://app.example.com/cb\r\nLocation: https://evil.example'],
  ['line feed in the scheme', 'ht\ntps://app.example.com/cb'],
  ['NUL at the end', 'https://app.example.com/cb\0'],
  ['space before', ' https://app.example.com/cb'],
  ['space after', 'https://app.example.com/cb '],
  ['trailing dot in the host', 'https://app.example.com./cb'],
  ['fragment', 'https://app.example.com/cb#evil'],
  ['empty fragment', 'https://app.example.com/cb#'],
  ['query added', 'https://app.example.com/cb?next=https://evil.example'],
  ['empty query added', 'https://app.example.com/cb?'],
  ['query extended', 'https://app.example.com/cb?tenant=1&tenant=2'],
  ['trailing slash', 'https://app.example.com/cb/'],
  ['longer path', 'https://app.example.com/cb.evil'],
  ['longer host', 'https://app.example.com.evil.example/cb'],
  ['subdomain', 'https://evil.app.example.com/cb'],
  ['dot that a regular expression would take', 'https://appXexample.com/cb'],
  ['upper case in the host', 'https://APP.example.com/cb'],
  ['upper case in the scheme', 'HTTPS://app.example.com/cb'],
  ['upper case in the path', 'https://app.example.com/CB'],
  ['port that is the default', 'https://app.example.com:443/cb'],
  ['other port', 'https://app.example.com:8443/cb'],
  ['weaker scheme', 'http://app.example.com/cb'],
  ['no scheme', '//app.example.com/cb'],
  ['scheme with one slash', 'https:/app.example.com/cb'],
  ['host in other digits', 'https://ａｐｐ.example.com/cb'],
  ['javascript', 'javascript://app.example.com/cb%0aalert(1)'],
  ['javascript in mixed case', 'JaVaScRiPt:alert(1)//https://app.example.com/cb'],
  ['data', 'data:text/html,https://app.example.com/cb'],
  ['loopback over https', 'https://127.0.0.1/cb'],
  ['loopback with a user name', 'http://127.0.0.1:80@evil.example/cb'],
  ['loopback with a longer host', 'http://127.0.0.1.evil.example/cb'],
  ['loopback with another path', 'http://127.0.0.1:5000/evil'],
  ['loopback with a query', 'http://127.0.0.1:5000/cb?x=1'],
  ['loopback with a port of another kind', 'http://127.0.0.1:5000.evil.example/cb'],
  ['loopback with no digits for a port', 'http://127.0.0.1:/cb'],
  ['loopback with a port too large', 'http://127.0.0.1:65536/cb'],
  ['loopback with a zero before the port', 'http://127.0.0.1:05000/cb'],
  ['loopback with a sign before the port', 'http://127.0.0.1:+5000/cb'],
  ['other loopback address', 'http://127.0.0.2:5000/cb'],
  ['loopback abbreviated', 'http://127.1:5000/cb'],
  ['loopback as a number', 'http://2130706433:5000/cb'],
  ['IPv6 loopback in another spelling', 'http://[0:0:0:0:0:0:0:1]:5000/cb'],
  ['loopback of the other family', 'http://[::1]:5000/other'],
  ['localhost with another port', 'http://localhost:5000/cb'],
  ['localhost for the address', 'http://localhost/cb'],
  ['private-use scheme with more slashes', 'com.example.app:///cb'],
  ['private-use scheme, extended', 'com.example.app.evil:/cb'],
  ['private-use scheme in upper case', 'COM.EXAMPLE.APP:/cb'],
  ['very long', `https://app.example.com/cb?${'x'.repeat(64 * 1024)}`],
  ['empty', ''],
];

describe('a presented redirect URI', () => {
  it('[263] a presented redirect URI must match exactly', () => {
    for (const uri of REGISTERED) expect(matchesRegistered(REGISTERED, uri)).toBe(true);
    expect(matchesRegistered([], 'https://app.example.com/cb')).toBe(false);
  });

  it.each(HOSTILE)(
    '[263] a presented redirect URI does not match a registered one by a trick: %s',
    (_trick, presented) => {
      expect(matchesRegistered(REGISTERED, presented)).toBe(false);
    },
  );

  it('[263] the hostile URIs have more than forty forms, all different', () => {
    expect(new Set(HOSTILE.map(([, presented]) => presented)).size).toBe(HOSTILE.length);
    expect(HOSTILE.length).toBeGreaterThanOrEqual(40);
  });

  it.each([
    'http://127.0.0.1:5000/cb',
    'http://127.0.0.1:1/cb',
    'http://127.0.0.1:65535/cb',
    'http://127.0.0.1:80/cb',
    'http://[::1]:5000/cb',
    'http://127.0.0.1/other',
    'http://127.0.0.1:9090/other',
  ])('[263] a loopback redirect URI may have any port: %s', (presented) => {
    expect(matchesRegistered(REGISTERED, presented)).toBe(true);
  });

  it('[263] a redirect URI that is not a loopback one does not match with any one character changed', () => {
    const uri = 'https://app.example.com/cb';
    const changed = fc
      .tuple(fc.nat(uri.length - 1), fc.string({ minLength: 0, maxLength: 2, unit: 'binary' }))
      .map(([at, text]) => uri.slice(0, at) + text + uri.slice(at + 1))
      .filter((text) => text !== uri);
    fc.assert(fc.property(changed, (presented) => expect(matchesRegistered([uri], presented)).toBe(false)));
  });

  it('[263] neither presented nor registered URIs are regular expressions', () => {
    expect(matchesRegistered(['https://app.example.com/(a+)+$'], 'https://app.example.com/aaa')).toBe(false);
    expect(matchesRegistered(['https://app.example.com/cb'], '.*')).toBe(false);
  });
});

describe('a redirect URI', () => {
  it.each([
    'https://app.example.com/cb',
    'https://app.example.com',
    'https://app.example.com/',
    'https://app.example.com:8443/cb',
    'https://app.example.com/cb?tenant=1&next=%2Fhome',
    'https://app.example.com/caf%C3%A9/c_b-1.html',
    'https://xn--bcher-kva.example/cb',
    'https://192.0.2.7/cb',
    'http://127.0.0.1/cb',
    'http://127.0.0.1:5000/cb',
    'http://[::1]:5000/cb',
    'http://localhost:3000/cb',
  ])('a redirect URI may be registered for any client: %s', (uri) => {
    expect(redirectUriProblem(uri, 'confidential')).toBeUndefined();
    expect(redirectUriProblem(uri, 'public')).toBeUndefined();
    expect(matchesRegistered([uri], uri)).toBe(true);
  });

  it.each(['com.example.app:/cb', 'com.example.app://callback', 'com.example.app:///cb', 'org.a-b.c1:/x?y=z'])(
    'a redirect URI with a private-use scheme may be registered only for a public client: %s',
    (uri) => {
      expect(redirectUriProblem(uri, 'public')).toBeUndefined();
      expect(redirectUriProblem(uri, 'confidential')).toMatch(/https/);
    },
  );

  it.each<[string, RegExp]>([
    ['', /characters/],
    [`https://app.example.com/${'x'.repeat(2000)}`, /2000/],
    ['/cb', /absolute/],
    ['app.example.com/cb', /absolute/],
    ['//app.example.com/cb', /absolute/],
    ['https://', /absolute/],
    ['https://app.example.com:99999/cb', /absolute/],
    ['https://a b.example/cb', /characters/],
    ['https://app.example.com/c b', /characters/],
    ['https://app.example.com/cb\n', /characters/],
    ['https://app.example.com\\cb', /characters/],
    ['https://app.example.com/"><script>', /characters/],
    ['https://app.example.com/{x}', /characters/],
    ['https://app.example.com/%zz', /characters/],
    ['https://app.example.com/%', /characters/],
    ['https://bücher.example/cb', /characters/],
    ['http://app.example.com/cb', /https/],
    ['http://127.0.0.2/cb', /https/],
    ['http://localhost.evil.example/cb', /https/],
    ['http://sub.localhost/cb', /https/],
    ['http://localhost./cb', /https/],
    ['http://[::2]/cb', /https/],
    ['javascript:alert(1)', /https/],
    ['JaVaScRiPt:alert(1)', /https/],
    ['javascript://app.example.com/%0aalert(1)', /https/],
    ['data:text/html,x', /https/],
    ['DATA:text/html,x', /https/],
    ['vbscript:x', /https/],
    ['file:///etc/passwd', /https/],
    ['blob:https://app.example.com/x', /https/],
    ['about:blank', /https/],
    ['view-source:https://app.example.com/', /https/],
    ['ftp://app.example.com/', /https/],
    ['ws://app.example.com/', /https/],
    ['wss://app.example.com/', /https/],
    ['mailto:a@example.com', /https/],
    ['intent://app.example.com/', /https/],
    ['chrome-extension://abc/', /https/],
    ['urn:ietf:wg:oauth:2.0:oob', /https/],
    ['myapp:/cb', /https/],
    ['.app:/cb', /absolute/],
    ['com..app:/cb', /https/],
    ['https://user@app.example.com/cb', /user name/],
    ['https://user:pw@app.example.com/cb', /user name/],
    ['com.example.app://user@host/cb', /user name/],
    ['https://@app.example.com/cb', /normal form/],
    ['https://app.example.com/cb#x', /fragment/],
    ['https://app.example.com/cb#', /fragment/],
    ['com.example.app:/cb#x', /fragment/],
    ['https://*.example.com/cb', /\*/],
    ['https://app.example.com/*', /\*/],
    ['https://APP.example.com/cb', /normal form/],
    ['HTTPS://app.example.com/cb', /normal form/],
    ['COM.EXAMPLE.app:/cb', /normal form/],
    ['https://app.example.com:443/cb', /normal form/],
    ['https:/app.example.com/cb', /normal form/],
    ['https:app.example.com/cb', /normal form/],
    ['https:///app.example.com/cb', /normal form/],
    ['https://app.example.com?x=1', /normal form/],
    ['https://app.example.com/a/../cb', /normal form/],
    ['https://app.example.com/%2e%2e/cb', /normal form/],
    ['com.example.app:/a/../cb', /normal form/],
    ['http://127.1/cb', /normal form/],
    ['http://2130706433/cb', /normal form/],
    ['http://0x7f.1/cb', /normal form/],
    ['http://[0::1]/cb', /normal form/],
    ['https://app.example.com./cb', /host/],
    ['https://app.example.com;x/cb', /host/],
    ["https://app'.example.com/cb", /host/],
    ['com.example.app:cb', /slash/],
    ['com.example.app:', /slash/],
    ['com.example.app://', /slash/],
    ['https://app.example.com/..;/cb', /dot segments/],
    ['https://app.example.com/a/.;x/cb', /dot segments/],
    ['https://app.example.com/a%2e%2e/cb', /encoded/],
    ['https://app.example.com/a%2Fb', /encoded/],
    ['https://app.example.com/a%5cb', /encoded/],
    ['https://app.example.com/%252e%252e/cb', /encoded/],
    ['https://app.example.com/a%00', /encoded/],
    ['https://app.example.com/a%0d%0ab', /encoded/],
    ['https://app.example.com/cb?x=%0d%0a', /encoded/],
    ['https://app.example.com/cb?code=1', /response/],
    ['https://app.example.com/cb?x=1&st%61te=2', /response/],
    ['https://app.example.com/cb?iss', /response/],
  ])('[263] a redirect URI may not be registered: %s', (uri, why) => {
    expect(redirectUriProblem(uri, 'public')).toMatch(why);
    expect(redirectUriProblem(uri, 'confidential')).toBeDefined();
  });

  it('[263] a redirect URI that may be registered means the same to a browser', () => {
    const uri = fc.string({
      minLength: 1,
      maxLength: 40,
      unit: fc.constantFrom(
        ...[
          'https://',
          'http://',
          'com.a:',
          'a',
          'B',
          '.',
          '..',
          '/',
          '//',
          ':',
          '@',
          '?',
          '#',
          ';',
          '%2e',
          '%25',
          '\\',
        ],
        ...['127.0.0.1', '[::1]', 'localhost', ':80', ':443', '=', '&', 'é', ' ', '\t'],
      ),
    });
    fc.assert(
      fc.property(uri, (text) => {
        if (redirectUriProblem(text, 'public') !== undefined) return;
        const { href, username, password, hash } = new URL(text);
        expect([text, `${text}/`]).toContain(href);
        expect([username, password, hash]).toEqual(['', '', '']);
      }),
      { numRuns: 2000 },
    );
  });
});

it.each([
  ['https://app.example.com/cb', false],
  ['https://localhost.example.com/cb', false],
  ['https://127.example.com/cb', false],
  ['com.example.app:/cb', false],
  ['http://127.0.0.1/cb', true],
  ['https://127.0.0.2/cb', true],
  ['http://[::1]:5000/cb', true],
  ['http://localhost:3000/cb', true],
  ['https://app.localhost/cb', true],
])('%s leads to the user’s machine: %s', (uri, expected) => {
  expect(isLoopback(uri)).toBe(expected);
});
