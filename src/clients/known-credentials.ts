/** The credentials of a client that is registered with an id and a secret of its own, because it comes from another server. */
import { parseHash } from '../passwords/password-hash.js';

export interface KnownCredentials {
  readonly clientId?: string | undefined;
  readonly secret?: string | undefined;
  /** bcrypt, PBKDF2 or argon2, as `password-hash.ts` reads them. */
  readonly secretHash?: string | undefined;
}

export const MAX_CLIENT_ID_CHARACTERS = 255;
export const MAX_SECRET_CHARACTERS = 255;

/** RFC 6749 appendix A.1 and A.2. White space at the ends would be lost in copying. */
const VSCHARS = /^(?! )[\x20-\x7e]+(?<! )$/;

/** @returns all problems, each beginning with the name of its field */
export function credentialProblems(
  type: 'confidential' | 'public',
  { clientId, secret, secretHash }: KnownCredentials,
): string[] {
  const hash = secretHash === undefined ? undefined : parseHash(secretHash);
  const problems = [
    clientId === undefined || isVisible(clientId, MAX_CLIENT_ID_CHARACTERS) ? undefined : `client_id ${RULE}`,
    secret === undefined || isVisible(secret, MAX_SECRET_CHARACTERS) ? undefined : `client_secret ${RULE}`,
    hash && 'problem' in hash ? `client_secret_hash ${hash.problem}` : undefined,
    secret !== undefined && secretHash !== undefined
      ? 'client_secret_hash must be absent beside client_secret'
      : undefined,
    type === 'public' && (secret !== undefined || secretHash !== undefined)
      ? 'client_secret must be absent, because a public client has none'
      : undefined,
  ];
  return problems.filter((problem) => problem !== undefined);
}

const RULE = 'must have 1 to 255 visible ASCII characters, with no space at an end';

const isVisible = (text: string, max: number): boolean => text.length <= max && VSCHARS.test(text);
