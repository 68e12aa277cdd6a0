import { createHash } from 'node:crypto';

/** @returns `'sha256-…'`, as a Content-Security-Policy allows this one style sheet or script by it */
export const sourceHash = (source: string): string =>
  `'sha256-${createHash('sha256').update(source).digest('base64')}'`;
