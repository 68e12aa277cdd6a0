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
   * A form of the page may end at a client. Chromium holds every redirect that follows a form to `form-action`, also those that
   * the client makes from its redirect URI to an app or a server that this service does not know, so the page has no
   * `form-action`.
   */
  readonly leadsToClient?: boolean;
  /** The URL has a link's secret in it, which must not be in the `Referer` of our own requests, because proxies log that. */
  readonly hasSecretUrl?: boolean;
}

export function pageHeaders(sources: PageSources = {}): Record<string, string> {
  return {
    'content-security-policy': contentSecurityPolicy(sources),
    'x-frame-options': 'DENY',
    'x-content-type-options': 'nosniff',
    'referrer-policy': sources.hasSecretUrl ? 'strict-origin' : 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'permissions-policy': 'camera=(), geolocation=(), microphone=(), payment=(), usb=()',
    'cache-control': 'no-store',
    pragma: 'no-cache',
  };
}

function contentSecurityPolicy({ style, scripts = [], leadsToClient = false }: PageSources): string {
  const directives = [
    `default-src 'none'`,
    ...(style ? [`style-src ${style}`] : []),
    ...(scripts.length > 0 ? [`script-src ${scripts.join(' ')}`] : []),
    `img-src 'self' data:`,
    ...(leadsToClient ? [] : [`form-action 'self'`]),
    `frame-ancestors 'none'`,
    `base-uri 'none'`,
  ];
  return directives.join('; ');
}
