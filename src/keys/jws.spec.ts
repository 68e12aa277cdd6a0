import { constants, createHmac, sign, type KeyObject } from 'node:crypto';
import { beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import * as jose from 'jose';
import { signingAlgorithms, type SigningAlgorithm } from './signing-algorithm.js';
import { generateSigningKey, publicJwkOf, type SigningKey } from './signing-key.js';
import { signJws, verifyJws } from './jws.js';

const algorithms = Object.keys(signingAlgorithms) as SigningAlgorithm[];
const claims = { iss: 'https://issuer.example', sub: 'user-1', jti: 'ü' };
const keys = {} as Record<SigningKey['algorithm'], SigningKey>;

beforeAll(async () => {
  for (const algorithm of algorithms) keys[algorithm] = await generateSigningKey(algorithm);
});

const keyOf = (kid: string) => Object.values(keys).find((key) => key.kid === kid);
const check = (token: string) => verifyJws(token, 'at+jwt', keyOf);

const base64url = (value: string | object): string =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');

const headerOf = (key: SigningKey) => ({ alg: key.algorithm, typ: 'at+jwt', kid: key.kid });

const raw = {
  ES256: (key, input) => sign('sha256', input, { key, dsaEncoding: 'ieee-p1363' }),
  EdDSA: (key, input) => sign(null, input, key),
  RS256: (key, input) => sign('sha256', input, { key, padding: constants.RSA_PKCS1_PADDING }),
  PS256: (key, input) => sign('sha256', input, { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 }),
} satisfies Record<SigningAlgorithm, (key: KeyObject, input: Buffer) => Buffer>;

/** Signed with our key, whatever the header and payload, so that the signature is always valid. */
function signed(
  header: string | object,
  payload: string | object = claims,
  key = keys.ES256,
  as = key.algorithm,
): string {
  const input = `${base64url(header)}.${base64url(payload)}`;
  return `${input}.${raw[as](key.privateKey, Buffer.from(input)).toString('base64url')}`;
}

describe.each(algorithms)('%s', (algorithm) => {
  it('jose verifies our signatures', async () => {
    const token = await signJws('at+jwt', claims, keys[algorithm]);
    const set = jose.createLocalJWKSet({ keys: Object.values(keys).map(publicJwkOf) });
    const { payload, protectedHeader } = await jose.jwtVerify(token, set, { typ: 'at+jwt', algorithms: [algorithm] });
    expect(payload).toEqual(claims);
    expect(protectedHeader).toEqual(headerOf(keys[algorithm]));
  });

  it('we verify signatures of jose', async () => {
    const { privateKey, kid } = keys[algorithm];
    const jwt = new jose.SignJWT(claims).setProtectedHeader({ kid, typ: 'at+jwt', alg: algorithm });
    expect(await check(await jwt.sign(privateKey))).toEqual(claims);
  });

  it('a changed payload, a changed signature and a truncated signature are refused', async () => {
    const [header, payload, signature] = (await signJws('at+jwt', claims, keys[algorithm])).split('.') as [
      string,
      string,
      string,
    ];
    const bytes = Buffer.from(signature, 'base64url');
    bytes[20]! ^= 1;
    expect(await check(`${header}.${payload}.${signature}`)).toEqual(claims);
    expect(await check(`${header}.${base64url({ ...claims, sub: 'user-2' })}.${signature}`)).toBeUndefined();
    expect(await check(`${header}.${payload}.${bytes.toString('base64url')}`)).toBeUndefined();
    expect(await check(`${header}.${payload}.${bytes.subarray(0, -1).toString('base64url')}`)).toBeUndefined();
    expect(await check(`${header}.${payload}.`)).toBeUndefined();
    expect(await check(`${header}.${payload}`)).toBeUndefined();
  });

  it('a header with another algorithm is refused, even with a valid signature', async () => {
    const key = keys[algorithm];
    expect(await check(signed(headerOf(key), claims, key))).toEqual(claims);
    for (const alg of [...algorithms, 'ES384', 'none'].filter((name) => name !== algorithm)) {
      expect(await check(signed({ ...headerOf(key), alg }, claims, key))).toBeUndefined();
    }
  });
});

describe('[187, 222] a forged token is refused', () => {
  it('the tokens of this suite are accepted without their faults', async () => {
    expect(await check(signed(headerOf(keys.ES256)))).toEqual(claims);
  });

  it.each(['none', 'None', 'NONE', ''])('alg "%s" without a signature is refused', async (alg) => {
    const input = `${base64url({ ...headerOf(keys.ES256), alg })}.${base64url(claims)}`;
    for (const token of [`${input}.`, input, `${input}.AA`]) expect(await check(token)).toBeUndefined();
  });

  it.each(algorithms)('HS256 with the public key of %s as its secret is refused', async (algorithm) => {
    const { publicKey } = keys[algorithm];
    const secrets = [
      publicKey.export({ type: 'spki', format: 'pem' }),
      publicKey.export({ type: 'spki', format: 'der' }),
      JSON.stringify(publicJwkOf(keys[algorithm])),
    ];
    for (const alg of ['HS256', algorithm]) {
      for (const secret of secrets) {
        const input = `${base64url({ ...headerOf(keys[algorithm]), alg })}.${base64url(claims)}`;
        expect(
          await check(`${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`),
        ).toBeUndefined();
      }
    }
  });

  it('an unknown, missing, wrong or non-string kid is refused', async () => {
    const { kid: _, ...withoutKid } = headerOf(keys.ES256);
    for (const kid of ['nobody', '', keys.EdDSA.kid, keys.RS256.kid, 1, null, ['a'], { toString: 'a' }, '__proto__']) {
      expect(await check(signed({ ...withoutKid, kid }))).toBeUndefined();
    }
    expect(await check(signed(withoutKid))).toBeUndefined();
    expect(await check(signed({ ...withoutKid, cty: 'x' }))).toBeUndefined();
  });

  it('a missing, wrong or differently spelled typ is refused', async () => {
    const { typ: _, ...withoutTyp } = headerOf(keys.ES256);
    for (const typ of ['JWT', 'at+JWT', 'application/at+jwt', 'logout+jwt', '', null]) {
      expect(await check(signed({ ...withoutTyp, typ }))).toBeUndefined();
    }
    expect(await check(signed(withoutTyp))).toBeUndefined();
  });

  it('a header with further members is refused: crit, b64, jwk, jku, x5c', async () => {
    const jwk = publicJwkOf(keys.EdDSA);
    for (const more of [
      { crit: ['exp'] },
      { crit: [] },
      { b64: false, crit: ['b64'] },
      { jwk },
      { jku: 'https://evil.example' },
      { x5c: ['AA=='] },
    ]) {
      expect(await check(signed({ ...headerOf(keys.ES256), ...more }))).toBeUndefined();
    }
  });

  it('a key of the right kind that is not ours is refused', async () => {
    const stranger = await generateSigningKey('ES256');
    expect(await check(await signJws('at+jwt', claims, stranger))).toBeUndefined();
    expect(await check(await signJws('at+jwt', claims, { ...stranger, kid: keys.ES256.kid }))).toBeUndefined();
  });

  it('an ES256 signature in DER is refused', async () => {
    const input = `${base64url(headerOf(keys.ES256))}.${base64url(claims)}`;
    const der = sign('sha256', Buffer.from(input), { key: keys.ES256.privateKey, dsaEncoding: 'der' });
    expect(await check(`${input}.${der.toString('base64url')}`)).toBeUndefined();
  });

  it('an ES256 signature of zeros is refused (CVE-2022-21449)', async () => {
    const input = `${base64url(headerOf(keys.ES256))}.${base64url(claims)}`;
    expect(await check(`${input}.${Buffer.alloc(64).toString('base64url')}`)).toBeUndefined();
  });

  it('a PS256 signature for RS256, and the reverse, is refused under the same key', async () => {
    for (const [claimed, made] of [
      ['RS256', 'PS256'],
      ['PS256', 'RS256'],
    ] as const) {
      const key = keys[claimed];
      expect(await check(signed(headerOf(key), claims, key, claimed))).toEqual(claims);
      expect(await check(signed(headerOf(key), claims, key, made))).toBeUndefined();
    }
  });

  it.each(['[]', '"text"', '1', 'null', 'true', '{', ''])(
    'a payload that is not an object is refused: %s',
    async (payload) => {
      expect(await check(signed(headerOf(keys.ES256), payload))).toBeUndefined();
    },
  );

  it.each(['[]', '"text"', 'null', '{', '{}'])(
    'a header that is not an object with three members is refused: %s',
    async (header) => {
      expect(await check(signed(header))).toBeUndefined();
    },
  );
});

describe('one token has one spelling', () => {
  const token = () => signed(headerOf(keys.ES256));

  it('other dots, padding, white space and alphabets are refused', async () => {
    const [header, payload, signature] = token().split('.') as [string, string, string];
    const spellings = [
      `${header}..${payload}.${signature}`,
      `${header}.${payload}..${signature}`,
      `.${token()}`,
      `${token()}.`,
      `${token()}.${signature}`,
      `${token()}=`,
      `${header}=.${payload}.${signature}`,
      `${token()}==`,
      `${token()}\n`,
      `\n${token()}`,
      ` ${token()}`,
      `${header}. ${payload}.${signature}`,
      `${header}.${payload}\u0000.${signature}`,
      `${token()}é`,
    ];
    for (const spelling of spellings) expect(await check(spelling)).toBeUndefined();
  });

  it('of the 4 last characters that decode to the same signature, one is accepted', async () => {
    const whole = token();
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    const bytes = Buffer.from(whole.split('.')[2]!, 'base64url');
    const alike = [...alphabet]
      .map((last) => whole.slice(0, -1) + last)
      .filter((other) => Buffer.from(other.split('.')[2]!, 'base64url').equals(bytes));
    expect(alike.length).toBeGreaterThan(1);
    for (const other of alike) expect((await check(other)) !== undefined).toBe(other === whole);
  });

  it('a token of 8 KiB is read, a longer one is not', async () => {
    const long = (size: number) => signJws('at+jwt', { a: 'x'.repeat(size) }, keys.ES256);
    let size = 5000;
    while ((await long(size + 1)).length <= 8192) size += 1;
    expect(await check(await long(size))).toEqual({ a: 'x'.repeat(size) });
    expect(await check(await long(size + 1))).toBeUndefined();
  });
});

describe('garbage', () => {
  const refuses = async (token: string) => expect(await check(token)).toBeUndefined();

  it('no text causes an exception', async () => {
    await fc.assert(fc.asyncProperty(fc.string({ unit: 'binary' }), refuses));
    await fc.assert(
      fc.asyncProperty(fc.array(fc.string({ unit: fc.constantFrom(...'AZaz09-_=. ') }), { minLength: 1 }), (parts) =>
        refuses(parts.join('.')),
      ),
    );
  });

  it('no signed content causes an exception', async () => {
    const header = fc.oneof(
      fc.jsonValue(),
      fc.record({ alg: fc.jsonValue(), typ: fc.constant('at+jwt'), kid: fc.jsonValue() }),
    );
    await fc.assert(
      fc.asyncProperty(header, fc.jsonValue(), (one, other) =>
        refuses(signed(JSON.stringify(one), JSON.stringify(other))),
      ),
    );
  });

  it('no change of a valid token of any algorithm is accepted or causes an exception', async () => {
    const good = await Promise.all(algorithms.map((algorithm) => signJws('at+jwt', claims, keys[algorithm])));
    const change = fc.record({
      token: fc.constantFrom(...good),
      at: fc.nat(),
      to: fc.string({ maxLength: 3 }),
      cut: fc.nat(3),
    });
    await fc.assert(
      fc.asyncProperty(change, async ({ token, at, to, cut }) => {
        const start = at % token.length;
        const changed = token.slice(0, start) + to + token.slice(start + cut);
        fc.pre(changed !== token);
        await refuses(changed);
      }),
      { numRuns: 500 },
    );
  });
});
