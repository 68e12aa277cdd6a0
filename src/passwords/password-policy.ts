/**
 * What a password must be, after NIST SP 800-63B-4 §3.1.1.2: long enough, and not one that is guessed first. Nothing else:
 * no kinds of characters, no expiry. Counted and compared in NFKC, the form that is hashed.
 *
 * The least length is a setting. NIST asks for 15 characters where the password is the only factor, which it is here, and
 * for 8 where there is a second one, as behind a proxy that asks for it.
 */

/** NIST asks for 64 characters at least; these are 256 of the longest, so that nothing is unbounded. */
export const MAX_PASSWORD_BYTES = 1024;

/** A password made of one short piece, however often, is as good as the piece. */
const SHORTEST_PIECE = 4;

/** The form in which a password is hashed: it must not depend on the keyboard that typed it. */
export const normalized = (password: string): string => password.normalize('NFKC');

export interface PasswordRules {
  readonly minCharacters: number;
  /** In lower case. */
  readonly common: ReadonlySet<string>;
  /** The user's names, the service's: what a stranger tries before the list. */
  readonly context: readonly string[];
}

/** @returns what is wrong with it, without repeating it; undefined where nothing is */
export function passwordProblem(
  password: string,
  { minCharacters, common, context }: PasswordRules,
): string | undefined {
  const form = normalized(password);
  if (/\p{Cs}/u.test(password)) return 'password must be text';
  if (Buffer.byteLength(form) > MAX_PASSWORD_BYTES) return `password must have ${MAX_PASSWORD_BYTES} bytes at most`;
  if ([...form].length < minCharacters) return `password must have at least ${minCharacters} characters`;
  if (isSequence(form) || [...pieceOf(form.toLowerCase())].length < SHORTEST_PIECE) {
    return 'password must not be a repetition or a sequence';
  }
  const disguises = disguisesOf(form);
  if (disguises.some((text) => common.has(text))) return 'password must not be one that many people use';
  const names = new Set(context.flatMap((word) => disguisesOf(normalized(word))));
  if (disguises.some((text) => names.has(text))) {
    return 'password must not be the name of the user or of the service';
  }
  return undefined;
}

/**
 * The whole of it, which is what NIST wants compared (not the words within), and the plainest derivatives: without the
 * digits and signs around the letters, where the letters are most of it; and the piece that either of them repeats.
 */
function disguisesOf(text: string): string[] {
  const whole = text.toLowerCase();
  const letters = whole.replace(/^\P{L}+|\P{L}+$/gu, '');
  const forms = 2 * letters.length >= whole.length ? [whole, letters] : [whole];
  return [...new Set(forms.flatMap((form) => [form, pieceOf(form)]))].filter((form) => form !== '');
}

/** `abcabc` → `abc`; what repeats nothing is its own piece. A text that recurs in its own double before the end is periodic. */
const pieceOf = (text: string): string => text.slice(0, (text + text).indexOf(text, 1));

/** Each character one after the one before it, or one before: 12345678, 9876, abcdef; after 9 comes 0. */
function isSequence(text: string): boolean {
  const points = [...text].map((character) => character.codePointAt(0)!);
  const steps = points.slice(1).map((point, index) => point - points[index]!);
  return [1, -1].some((step) => steps.every((taken) => taken === step || taken === -9 * step));
}
