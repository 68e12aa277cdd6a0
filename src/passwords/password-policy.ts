/**
 * The password policy, after NIST SP 800-63B-4 §3.1.1.2: long enough, and not a common password. No composition rules, no
 * expiry. Counted and compared in NFKC, the form that is hashed.
 *
 * The minimum length is a setting. NIST asks for 15 characters if the password is the only factor, as it is here, and for 8
 * with a second factor, for example behind a proxy that asks for one.
 */

/** NIST wants at least 64 characters to be allowed; this is 256 characters of four bytes. */
export const MAX_PASSWORD_BYTES = 1024;

/** A password that repeats a piece shorter than this is refused. */
const SHORTEST_PIECE = 4;

/** The form in which a password is hashed, so that it does not depend on the keyboard. */
export const normalized = (password: string): string => password.normalize('NFKC');

export interface PasswordRules {
  readonly minCharacters: number;
  /** In lower case. */
  readonly common: ReadonlySet<string>;
  /** Names of the user and of the service, which attackers try first. */
  readonly context: readonly string[];
}

/** Why a password is refused. */
export type PasswordFlaw = 'notText' | 'tooLong' | 'tooShort' | 'sequence' | 'common' | 'name';

const words: Readonly<Record<PasswordFlaw, (rules: Pick<PasswordRules, 'minCharacters'>) => string>> = {
  notText: () => 'password must be text',
  tooLong: () => `password must have ${MAX_PASSWORD_BYTES} bytes at most`,
  tooShort: ({ minCharacters }) => `password must have at least ${minCharacters} characters`,
  sequence: () => 'password must not be a repetition or a sequence',
  common: () => 'password must not be one that many people use',
  name: () => 'password must not be the name of the user or of the service',
};

/** The flaw for an admin, without repeating the password. */
export const passwordProblem = (flaw: PasswordFlaw, rules: Pick<PasswordRules, 'minCharacters'>): string =>
  words[flaw](rules);

/** @returns undefined if the password is acceptable */
export function passwordFlaw(
  password: string,
  { minCharacters, common, context }: PasswordRules,
): PasswordFlaw | undefined {
  const form = normalized(password);
  if (/\p{Cs}/u.test(password)) return 'notText';
  if (Buffer.byteLength(form) > MAX_PASSWORD_BYTES) return 'tooLong';
  if ([...form].length < minCharacters) return 'tooShort';
  if (isSequence(form) || [...pieceOf(form.toLowerCase())].length < SHORTEST_PIECE) return 'sequence';
  const disguises = disguisesOf(form);
  if (disguises.some((text) => common.has(text))) return 'common';
  const names = new Set(context.flatMap((word) => disguisesOf(normalized(word))));
  return disguises.some((text) => names.has(text)) ? 'name' : undefined;
}

/**
 * The texts to look up in the lists: the whole password (NIST: not the words within it); without the digits and signs around
 * the letters, if most of it is letters; and the piece that either of these repeats.
 */
function disguisesOf(text: string): string[] {
  const whole = text.toLowerCase();
  const letters = whole.replace(/^\P{L}+|\P{L}+$/gu, '');
  const forms = 2 * letters.length >= whole.length ? [whole, letters] : [whole];
  return [...new Set(forms.flatMap((form) => [form, pieceOf(form)]))].filter((form) => form !== '');
}

/** `abcabc` → `abc`; a text without repetition is returned as it is. A periodic text recurs in its own double before the end. */
const pieceOf = (text: string): string => text.slice(0, (text + text).indexOf(text, 1));

/** Ascending or descending characters: 12345678, 9876, abcdef; 0 follows 9. */
function isSequence(text: string): boolean {
  const points = [...text].map((character) => character.codePointAt(0)!);
  const steps = points.slice(1).map((point, index) => point - points[index]!);
  return [1, -1].some((step) => steps.every((taken) => taken === step || taken === -9 * step));
}
