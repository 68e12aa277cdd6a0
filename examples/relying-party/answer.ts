/** What the demo client answers, before it is HTTP. */
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

/** 303: whatever led here, the next request is a GET. */
export const redirect = (location: string | URL): Answer => ({ status: 303, headers: { location: String(location) } });

export const withCookie = (answer: Answer, cookie: string): Answer => ({
  ...answer,
  headers: { ...answer.headers, 'set-cookie': cookie },
});

/**
 * For every answer. The sign-out button leads to the issuer, and to sign in again may follow from any other: Chromium holds
 * the redirects that follow a form to `form-action`.
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
