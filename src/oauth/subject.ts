/**
 * The subject of a token (RFC 9068 §2.2, `sub`): a user, or a client that acts for itself. The two cannot collide (§5),
 * because the subject of a user never begins with `client:`.
 */
const CLIENT_PREFIX = 'client:';

/** The limit of OpenID Connect Core §2. */
export const MAX_SUBJECT_CHARACTERS = 255;

/** No controls, invisible characters or line ends. */
const PRINTABLE = /^[^\p{C}\p{Zl}\p{Zp}]+$/u;

export const clientSubject = (clientId: string): string => `${CLIENT_PREFIX}${clientId}`;

/** @returns the id of the client that acts for itself; undefined for the subject of a user */
export const clientOfSubject = (subject: string): string | undefined =>
  subject.startsWith(CLIENT_PREFIX) ? subject.slice(CLIENT_PREFIX.length) : undefined;

export const isSubject = (text: string): boolean => PRINTABLE.test(text) && [...text].length <= MAX_SUBJECT_CHARACTERS;

export const isUserSubject = (text: string): boolean => isSubject(text) && !text.startsWith(CLIENT_PREFIX);
