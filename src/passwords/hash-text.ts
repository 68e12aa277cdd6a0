/** What the readers of password hashes share: the result, base64, the length of an output. */

export type PasswordHash =
  | { readonly scheme: 'argon2' | 'bcrypt'; readonly encoded: string }
  | {
      readonly scheme: 'pbkdf2';
      readonly digest: Digest;
      readonly iterations: number;
      readonly salt: Uint8Array;
      readonly expected: Uint8Array;
    }
  | {
      readonly scheme: 'scrypt';
      readonly cost: number;
      readonly blockSize: number;
      readonly parallelization: number;
      readonly salt: Uint8Array;
      readonly expected: Uint8Array;
    }
  | { readonly scheme: 'sha512crypt'; readonly rounds: number; readonly salt: string; readonly checksum: string }
  | {
      readonly scheme: 'salted-digest';
      readonly digest: Digest;
      readonly salt: Uint8Array;
      readonly expected: Uint8Array;
    };

export type Digest = 'sha1' | 'sha256' | 'sha512';

/** Undefined if the text has another format. */
export type Parsed = PasswordHash | { readonly problem: string } | undefined;

/** A shorter output could match by guessing, an empty one always. */
const MIN_OUTPUT_BYTES = 16;
const MAX_OUTPUT_BYTES = 64;

export const ofLength = ({ length }: Uint8Array, hash: PasswordHash): Parsed =>
  length >= MIN_OUTPUT_BYTES && length <= MAX_OUTPUT_BYTES
    ? hash
    : { problem: `must be of ${MIN_OUTPUT_BYTES} to ${MAX_OUTPUT_BYTES} bytes` };

/**
 * Base64 (RFC 4648 §4), with its padding or without, and with dots for plus signs, as passlib writes it. Other alphabets would be
 * read as other bytes, and the password would never match.
 */
export function base64In(text: string): Buffer | { readonly problem: string } {
  if (/[-_]/.test(text)) return { problem: 'must have salt and output in base64 with + and /, not in base64url' };
  const bare = text.replaceAll('.', '+').replace(/=+$/, '');
  if (!/^[A-Za-z\d+/]*$/.test(bare)) return { problem: 'must have salt and output in base64' };
  const isPadded = text.length > bare.length;
  if (bare.length % 4 === 1 || (isPadded && text.length % 4 !== 0)) {
    return { problem: 'must have salt and output in base64 with the right padding (=), or without' };
  }
  return Buffer.from(bare, 'base64');
}
