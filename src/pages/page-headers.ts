/**
 * Security headers of all responses to browsers: nothing is loaded, no framing, and other sites do not learn the URL. There is
 * no `Cross-Origin-Opener-Policy`, because a client's popup would lose its opener. `Referrer-Policy` is not `no-referrer`,
 * because then the `Origin` of our own forms would be `null`.
 */
export interface PageSources {
  /** `'sha256-…'` of the style sheet. */
  readonly style?: string;
  /** `'sha256-…'` of the scripts of this page. */
  readonly scripts?: readonly string[];
  /**
   * Where a form of the page may redirect besides this service, because Chromium applies `form-action` to redirects. Origins, or
   * schemes like `com.example.app:`.
   */
  readonly formTargets?: readonly string[];
}

/** A single source expression: a space, semicolon or comma would add another one, or another directive. */
const SOURCE = /^[A-Za-z0-9+.-]+:[^\s;,'"]*$/;

export function pageHeaders(sources: PageSources = {}): Record<string, string> {
  return {
    'content-security-policy': contentSecurityPolicy(sources),
    'x-frame-options': 'DENY',
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'permissions-policy': 'camera=(), geolocation=(), microphone=(), payment=(), usb=()',
    'cache-control': 'no-store',
    pragma: 'no-cache',
  };
}

/** @throws Error on a form target that is not a source expression */
function contentSecurityPolicy({ style, scripts = [], formTargets = [] }: PageSources): string {
  const bad = formTargets.find((target) => !SOURCE.test(target));
  if (bad !== undefined) throw new Error('a form target must be an origin or a scheme');
  const directives = [
    `default-src 'none'`,
    ...(style ? [`style-src ${style}`] : []),
    ...(scripts.length > 0 ? [`script-src ${scripts.join(' ')}`] : []),
    `img-src 'self' data:`,
    ['form-action', `'self'`, ...new Set(formTargets)].join(' '),
    `frame-ancestors 'none'`,
    `base-uri 'none'`,
  ];
  return directives.join('; ');
}
