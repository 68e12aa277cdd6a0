/** Which clients are known to be who they say they are. */
import { isLoopback } from '../oauth/redirect-uri.js';
import type { Client } from './client.js';

/**
 * Whether an answer to it can reach no other: it proves who it is, or only its own web servers get the code. A scheme or a
 * port of the user's machine may belong to any program there (RFC 8252 §8.6), so the user must be asked each time.
 */
export const canBeToldApart = ({ type, redirectUris }: Pick<Client, 'type' | 'redirectUris'>): boolean =>
  type === 'confidential' ||
  (redirectUris.length > 0 && redirectUris.every((uri) => uri.startsWith('https://') && !isLoopback(uri)));
