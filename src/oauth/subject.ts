/**
 * Who a token speaks for (RFC 9068 §2.2, `sub`): a user, or a client that acts for itself. The two can never be mistaken for
 * one another (§5), because no user's name begins like a client's does.
 */
const CLIENT_PREFIX = 'client:';

/** What OpenID Connect Core §2 allows at most. */
export const MAX_SUBJECT_CHARACTERS = 255;

/** Something that can be read and written down: no controls, no invisible characters, no line ends. */
const PRINTABLE = /^[^\p{C}\p{Zl}\p{Zp}]+$/u;

export const clientSubject = (clientId: string): string => `${CLIENT_PREFIX}${clientId}`;

export const isSubject = (text: string): boolean => PRINTABLE.test(text) && [...text].length <= MAX_SUBJECT_CHARACTERS;

export const isUserSubject = (text: string): boolean => isSubject(text) && !text.startsWith(CLIENT_PREFIX);
