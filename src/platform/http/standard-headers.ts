/**
 * On every answer. RFC 6749 §5.1 wants the first two of a token response, and of errors too; a route that may be cached says
 * so itself.
 */
export const STANDARD_HEADERS = {
  'cache-control': 'no-store',
  pragma: 'no-cache',
  'x-content-type-options': 'nosniff',
} as const;
