/**
 * Headers of every response. RFC 6749 §5.1 requires the first two for token responses, and for errors; routes that may be cached
 * override them.
 */
export const STANDARD_HEADERS = {
  'cache-control': 'no-store',
  pragma: 'no-cache',
  'x-content-type-options': 'nosniff',
} as const;
