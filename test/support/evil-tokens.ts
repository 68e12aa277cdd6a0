/**
 * Forged access tokens, each made from a valid one with a single fault that other servers have accepted. Some are signed with the
 * real key, so that only the fault can be the reason for the refusal.
 */
import { createHmac, generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto';
import { CompactSign, decodeJwt, decodeProtectedHeader, type JWTPayload } from 'jose';
import { KeyRing } from '../../src/keys/key-ring.service.js';
import type { SigningKey } from '../../src/keys/signing-key.js';
import type { TestApp } from './test-app.js';

export interface Forgery {
  /** A JWT access token of the service, signed with ES256. */
  readonly genuine: string;
  readonly claims: JWTPayload;
  readonly key: SigningKey;
}

export interface EvilToken {
  readonly name: string;
  readonly forge: (from: Forgery) => string | Promise<string>;
}

export function forgeryOf(app: TestApp, genuine: string): Forgery {
  const key = app.nest.get(KeyRing, { strict: false }).signingKey();
  return { genuine, claims: decodeJwt(genuine), key };
}

/** Signs other claims or another header with the real key. */
export function signAsServer(
  { claims, key }: Forgery,
  changes: Record<string, unknown> = {},
  header: Record<string, unknown> = {},
): Promise<string> {
  return signWith(
    key.privateKey,
    { ...claims, ...changes },
    { alg: key.algorithm, typ: 'at+jwt', kid: key.kid, ...header },
  );
}

function signWith(key: KeyObject, claims: object, header: Record<string, unknown>): Promise<string> {
  const payload = new TextEncoder().encode(JSON.stringify(claims));
  return new CompactSign(payload)
    .setProtectedHeader(header as { alg: string })
    .sign(key, { crit: { b64: true, x: true } });
}

const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/** HMAC with a public value as the key, as the header says. */
function hmac({ genuine, key }: Forgery, secret: string | Buffer): string {
  const input = `${encode({ alg: 'HS256', typ: 'at+jwt', kid: key.kid })}.${genuine.split('.')[1]}`;
  return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`;
}

const unsigned = ({ genuine, key }: Forgery, alg: string, signature = ''): string =>
  `${encode({ alg, typ: 'at+jwt', kid: key.kid })}.${genuine.split('.')[1]}.${signature}`;

function withSignature({ genuine }: Forgery, change: (signature: Buffer, input: string) => Buffer): string {
  const [header, payload, signature] = genuine.split('.') as [string, string, string];
  const input = `${header}.${payload}`;
  return `${input}.${change(Buffer.from(signature, 'base64url'), input).toString('base64url')}`;
}

const stranger = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const strangersJwk = stranger.publicKey.export({ format: 'jwk' });
const asStranger = ({ claims, key }: Forgery, header: Record<string, unknown> = {}): Promise<string> =>
  signWith(stranger.privateKey, claims, { alg: 'ES256', typ: 'at+jwt', kid: key.kid, ...header });

const headerOf = ({ genuine }: Forgery) => decodeProtectedHeader(genuine);

export const evilTokens: readonly EvilToken[] = [
  { name: 'alg none, without a signature', forge: (from) => unsigned(from, 'none') },
  { name: 'alg None, without a signature', forge: (from) => unsigned(from, 'None') },
  {
    name: 'alg none, with the signature of the good one',
    forge: (from) => unsigned(from, 'none', from.genuine.split('.')[2]),
  },
  {
    name: 'HS256 with the public key as PEM',
    forge: (from) => hmac(from, from.key.publicKey.export({ type: 'spki', format: 'pem' })),
  },
  {
    name: 'HS256 with the public key as DER',
    forge: (from) => hmac(from, from.key.publicKey.export({ type: 'spki', format: 'der' })),
  },
  {
    name: 'HS256 with the public key as JWK',
    forge: (from) => hmac(from, JSON.stringify(from.key.publicKey.export({ format: 'jwk' }))),
  },
  { name: 'HS256 with an empty key', forge: (from) => hmac(from, '') },
  { name: 'another key under our kid', forge: (from) => asStranger(from) },
  { name: 'another key, brought along as jwk', forge: (from) => asStranger(from, { jwk: strangersJwk }) },
  {
    name: 'another key, to be fetched from jku',
    forge: (from) => asStranger(from, { jku: 'http://127.0.0.1:9/jwks', kid: 'theirs' }),
  },
  { name: 'an unknown kid', forge: (from) => asStranger(from, { kid: randomBytes(32).toString('base64url') }) },
  { name: 'a kid that is a path', forge: (from) => signAsServer(from, {}, { kid: '../../../dev/null' }) },
  { name: 'a kid that is SQL', forge: (from) => signAsServer(from, {}, { kid: "x' OR '1'='1" }) },
  { name: 'a kid that is not a string', forge: (from) => signAsServer(from, {}, { kid: [from.key.kid] }) },
  { name: 'no kid', forge: (from) => signAsServer(from, {}, { kid: undefined }) },
  ...['client_id', 'scope', 'jti'].map((name) => ({
    name: `typ JWT and no ${name}, as an ID token has it`,
    forge: (from: Forgery) => signAsServer(from, { [name]: undefined }, { typ: 'JWT' }),
  })),
  {
    name: 'an ID token',
    forge: (from) =>
      signAsServer(
        from,
        {
          aud: from.claims['client_id'],
          nonce: 'n',
          auth_time: from.claims.iat,
          client_id: undefined,
          scope: undefined,
          jti: undefined,
        },
        { typ: 'JWT' },
      ),
  },
  { name: 'typ logout+jwt', forge: (from) => signAsServer(from, {}, { typ: 'logout+jwt' }) },
  { name: 'no typ', forge: (from) => signAsServer(from, {}, { typ: undefined }) },
  { name: 'an extension that must be understood', forge: (from) => signAsServer(from, {}, { crit: ['x'], x: 1 }) },
  { name: 'another alg than the key has', forge: (from) => withHeader(from, { alg: 'RS256' }) },
  { name: 'another issuer', forge: (from) => signAsServer(from, { iss: 'https://elsewhere.example' }) },
  { name: 'the issuer with a slash', forge: (from) => signAsServer(from, { iss: `${from.claims.iss}/` }) },
  { name: 'no issuer', forge: (from) => signAsServer(from, { iss: undefined }) },
  { name: 'an end in the past', forge: (from) => signAsServer(from, { exp: from.claims.iat }) },
  { name: 'no end', forge: (from) => signAsServer(from, { exp: undefined }) },
  { name: 'an exp that is not a number', forge: (from) => signAsServer(from, { exp: 'never' }) },
  { name: 'no jti', forge: (from) => signAsServer(from, { jti: undefined }) },
  {
    name: 'other claims under the old signature',
    forge: (from) => withClaims(from, { sub: 'admin', scope: 'rekey:admin' }),
  },
  { name: 'a signature with one bit changed', forge: (from) => withSignature(from, flipBit) },
  { name: 'a signature of zeros', forge: (from) => withSignature(from, ({ length }) => Buffer.alloc(length)) },
  { name: 'a signature cut short', forge: (from) => withSignature(from, (signature) => signature.subarray(0, 32)) },
  {
    name: 'a signature with more behind it',
    forge: (from) => withSignature(from, (signature) => Buffer.concat([signature, Buffer.of(0)])),
  },
  {
    name: 'a signature in DER',
    forge: (from) => withSignature(from, (_, input) => sign('sha256', Buffer.from(input), from.key.privateKey)),
  },
  { name: 'another spelling of its signature', forge: respelled },
  { name: 'padding at its end', forge: ({ genuine }) => `${genuine}==` },
  { name: 'a space within', forge: ({ genuine }) => genuine.replace('.', '. ') },
  { name: 'a fourth part', forge: ({ genuine }) => `${genuine}.x` },
  { name: 'five parts, as a JWE has', forge: ({ genuine }) => `${genuine}.x.x` },
  { name: 'claims that are no object', forge: (from) => signText(from, '[]') },
  { name: 'claims that are no JSON', forge: (from) => signText(from, 'sub=admin') },
];

/** The other valid ES256 signature of the same token, which anyone can compute: (r, n − s) instead of (r, s). */
export function otherSignatureOf(token: string): string {
  const [header, payload, signature] = token.split('.') as [string, string, string];
  const [r, s] = [
    Buffer.from(signature, 'base64url').subarray(0, 32),
    Buffer.from(signature, 'base64url').subarray(32),
  ];
  const other = (P256_ORDER - BigInt(`0x${s.toString('hex')}`)).toString(16).padStart(64, '0');
  return `${header}.${payload}.${Buffer.concat([r, Buffer.from(other, 'hex')]).toString('base64url')}`;
}

/** NIST SP 800-186 §3.2.1.3. */
const P256_ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

/** Four bits of the last character of 64 bytes are unused (RFC 4648 §3.5). */
function respelled({ genuine }: Forgery): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  return genuine.slice(0, -1) + alphabet[alphabet.indexOf(genuine.slice(-1)) + 1];
}

const withHeader = (from: Forgery, changes: Record<string, unknown>): string =>
  [encode({ ...headerOf(from), ...changes }), ...from.genuine.split('.').slice(1)].join('.');

function withClaims({ genuine, claims }: Forgery, changes: Record<string, unknown>): string {
  const [header, , signature] = genuine.split('.');
  return `${header}.${encode({ ...claims, ...changes })}.${signature}`;
}

function flipBit(signature: Buffer): Buffer {
  signature[40]! ^= 1;
  return signature;
}

const signText = (from: Forgery, text: string): Promise<string> =>
  new CompactSign(new TextEncoder().encode(text))
    .setProtectedHeader({ ...headerOf(from), alg: 'ES256' })
    .sign(from.key.privateKey);
