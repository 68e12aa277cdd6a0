import { describe, expect, it } from '@jest/globals';
import { pageHeaders } from './page-headers.js';

const policyOf = (sources: Parameters<typeof pageHeaders>[0]): string =>
  pageHeaders(sources)['content-security-policy']!;

describe('the headers of a page', () => {
  it('the page headers forbid loading, framing and leaking the URL', () => {
    expect(pageHeaders()).toMatchObject({
      'x-frame-options': 'DENY',
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'same-origin',
      'cache-control': 'no-store',
    });
    expect(policyOf({})).toBe(
      "default-src 'none'; img-src 'self' data:; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    );
  });

  it('the page headers allow one style sheet and the page’s scripts, by their hashes', () => {
    const policy = policyOf({ style: "'sha256-a'", scripts: ["'sha256-b'"] });
    expect(policy).toContain("style-src 'sha256-a'; script-src 'sha256-b';");
    expect(policy).not.toContain('unsafe');
  });

  it('a page whose form may end at a client has no form-action, because the client may redirect anywhere', () => {
    expect(policyOf({ leadsToClient: true })).toBe(
      "default-src 'none'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'",
    );
  });
});
