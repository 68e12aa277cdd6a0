/**
 * JWS in compact form (RFC 7515 §7.1). Signing runs in the thread pool through the callbacks of `node:crypto`: that takes
 * 9 µs of the event loop, while signing synchronously takes 36 (ES256) to 260 (RS256), and WebCrypto 150. Only our own tokens
 * are verified here, so only what `signJws` writes is accepted: the algorithm of our key, and a header of three members.
 */
import { constants, sign, verify, type SignKeyObjectInput } from 'node:crypto';
import type { SigningAlgorithm } from './signing-algorithm.js';
import type { SigningKey, VerificationKey } from './signing-key.js';

/**
 * The `typ` that keeps one kind of token from being accepted as another (RFC 8725 §3.11): access tokens (RFC 9068 §2.1), ID
 * tokens, logout tokens (OpenID Connect Back-Channel Logout §2.4).
 */
export type JwsType = 'at+jwt' | 'JWT' | 'logout+jwt';

interface SignatureFacts {
  readonly digest: 'sha256' | null;
  readonly options: Omit<SignKeyObjectInput, 'key'>;
}

/** RFC 7518 §3.3–3.5, RFC 8037 §3.1 */
const signatures: Record<SigningAlgorithm, SignatureFacts> = {
  ES256: { digest: 'sha256', options: { dsaEncoding: 'ieee-p1363' } },
  EdDSA: { digest: null, options: {} },
  RS256: { digest: 'sha256', options: { padding: constants.RSA_PKCS1_PADDING } },
  PS256: {
    digest: 'sha256',
    options: { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST },
  },
};

/** Several times the length of a token. */
const MAX_CHARACTERS = 8192;

const THREE_PARTS = /^([\w-]+)\.([\w-]+)\.([\w-]+)$/;

const headers = new WeakMap<SigningKey, Map<JwsType, string>>();

export function signJws(typ: JwsType, payload: object, key: SigningKey): Promise<string> {
  const { digest, options } = signatures[key.algorithm];
  const input = `${headerOf(typ, key)}.${encode(payload)}`;
  return new Promise((resolve, reject) => {
    sign(digest, Buffer.from(input, 'latin1'), { ...options, key: key.privateKey }, (error, signature) =>
      error ? reject(error) : resolve(`${input}.${signature.toString('base64url')}`),
    );
  });
}

/**
 * @param keyOf looks up the key of a `kid`; called before this function returns its promise
 * @returns the payload; undefined unless `signJws` made the token with this typ, or one of these, and one of the keys
 */
export async function verifyJws(
  token: string,
  typ: JwsType | readonly JwsType[],
  keyOf: (kid: string) => VerificationKey | undefined,
): Promise<Record<string, unknown> | undefined> {
  if (token.length > MAX_CHARACTERS) return undefined;
  const [, encodedHeader, encodedPayload, encodedSignature] = THREE_PARTS.exec(token) ?? [];
  const header = decodeObject(encodedHeader);
  const signature = decode(encodedSignature);
  if (!header || !signature || typeof header['kid'] !== 'string') return undefined;
  const key = keyOf(header['kid']);
  if (!key || !isHeaderOf(header, [typ].flat(), key)) return undefined;
  const isGenuine = await hasSignature(Buffer.from(`${encodedHeader}.${encodedPayload}`, 'latin1'), key, signature);
  return isGenuine ? decodeObject(encodedPayload) : undefined;
}

/** Resolves to false for malformed signatures too. */
function hasSignature(input: Buffer, key: VerificationKey, signature: Buffer): Promise<boolean> {
  const { digest, options } = signatures[key.algorithm];
  return new Promise((resolve) => {
    verify(digest, input, { ...options, key: key.publicKey }, signature, (error, isGenuine) =>
      resolve(error === null && isGenuine),
    );
  });
}

function headerOf(typ: JwsType, key: SigningKey): string {
  const ofKey = headers.get(key) ?? new Map<JwsType, string>();
  headers.set(key, ofKey);
  const known = ofKey.get(typ);
  if (known !== undefined) return known;
  const header = encode({ alg: key.algorithm, typ, kid: key.kid });
  ofKey.set(typ, header);
  return header;
}

/** Exactly three members, so there is no `crit` to process and no `jwk` or `jku` to trust. */
const isHeaderOf = (header: Record<string, unknown>, typs: readonly unknown[], key: VerificationKey): boolean =>
  Object.keys(header).length === 3 &&
  header['alg'] === key.algorithm &&
  typs.includes(header['typ']) &&
  header['kid'] === key.kid;

const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/** @returns undefined unless the text is the canonical encoding of the bytes, so that no token has two spellings (RFC 4648 §3.5) */
function decode(text: string | undefined): Buffer | undefined {
  if (text === undefined) return undefined;
  const bytes = Buffer.from(text, 'base64url');
  return bytes.toString('base64url') === text ? bytes : undefined;
}

function decodeObject(text: string | undefined): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(decode(text)?.toString('utf8') ?? '');
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}
