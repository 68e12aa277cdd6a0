/** Which clients cannot be impersonated. */
import { isLoopback } from '../oauth/redirect-uri.js';
import type { Client } from './client.js';

/**
 * Whether no other program can pose as this client: it authenticates, or only its own web servers receive the code. A
 * private-use scheme or loopback port may belong to any program on the user's machine (RFC 8252 §8.6), so the user is asked
 * for consent each time.
 */
export const canBeToldApart = ({ type, redirectUris }: Pick<Client, 'type' | 'redirectUris'>): boolean =>
  type === 'confidential' ||
  (redirectUris.length > 0 && redirectUris.every((uri) => uri.startsWith('https://') && !isLoopback(uri)));
