/** The responses of the demo client, before they become HTTP. */
import type { Html } from './html.js';

export interface Answer {
  readonly status: number;
  readonly type?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export const page = (status: number, { text }: Html): Answer => ({
  status,
  type: 'text/html; charset=utf-8',
  body: text,
});

export const json = (status: number, value: unknown): Answer => ({
  status,
  type: 'application/json',
  body: JSON.stringify(value),
});

/** 303, so that the next request is a GET. */
export const redirect = (location: string | URL): Answer => ({ status: 303, headers: { location: String(location) } });

export const withCookie = (answer: Answer, cookie: string): Answer => ({
  ...answer,
  headers: { ...answer.headers, 'set-cookie': cookie },
});

/**
 * The headers of every response. The sign-out form redirects to the issuer, which may be any URL: Chromium applies
 * `form-action` to redirects as well.
 */
export function securityHeaders(issuer: string): Record<string, string> {
  const directives = [
    "default-src 'none'",
    "style-src 'self'",
    `form-action 'self' ${new URL(issuer).origin}`,
    "frame-ancestors 'none'",
    "base-uri 'none'",
  ];
  return {
    'content-security-policy': directives.join('; '),
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'same-origin',
    'cache-control': 'no-store',
  };
}
