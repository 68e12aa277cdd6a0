/** The Content-Security-Policy of the console: its own scripts and styles, its own requests, and nothing else. */

/** React Aria adds one style element, always the same, so that touches on its buttons do not zoom. */
const PRESSABLE_STYLE = `'sha256-38RhXrc7EdReTKsOm23ZPOCUgniTUUcjky8QOOrQx6o='`;

export const consolePolicy = [
  `default-src 'none'`,
  `script-src 'self'`,
  `style-src 'self' ${PRESSABLE_STYLE}`,
  `img-src 'self' data:`,
  `connect-src 'self'`,
  `form-action 'self'`,
  `frame-ancestors 'none'`,
  `base-uri 'none'`,
].join('; ');
