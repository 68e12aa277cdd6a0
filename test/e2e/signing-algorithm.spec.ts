/** The signing algorithms of access tokens (RFC 9068 §2.1). */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { decodeProtectedHeader } from 'jose';
import { signingAlgorithms } from '../../src/keys/signing-algorithm.js';
import { accessToken } from '../support/admin.js';
import { confidentialClient, type TestClient } from '../support/clients.js';
import { send } from '../support/requests.js';
import { verifyAtResource } from '../support/resource-verifier.js';
import { expectActive, expectInactive } from '../support/sessions.js';
import { startApp, type TestApp } from '../support/test-app.js';

it('[216] RS256, which every resource server supports, is available, and none is not', () => {
  expect(Object.keys(signingAlgorithms).sort()).toEqual(['ES256', 'EdDSA', 'PS256', 'RS256']);
});

describe.each(Object.keys(signingAlgorithms))('%s', (algorithm) => {
  let app: TestApp;
  let client: TestClient;
  let token: string;

  beforeAll(async () => {
    app = await startApp({ environment: { REKEY_SIGNING_ALGORITHM: algorithm } });
    client = await confidentialClient(app, { audience: ['https://rs.example'] });
    token = await accessToken(app, client);
  });
  afterAll(() => app.close());

  it('[216, 217] the token verifies with the JWKS', async () => {
    expect(decodeProtectedHeader(token)).toMatchObject({ alg: algorithm, typ: 'at+jwt' });
    const { payload } = await verifyAtResource(app, token, { algorithms: [algorithm], audience: 'https://rs.example' });
    expect(payload['client_id']).toBe(client.clientId);
    await expect(verifyAtResource(app, token, { audience: 'https://rs2.example' })).rejects.toThrow('"aud"');
  });

  it('[184] introspection verifies the token, and a modified one is inactive', async () => {
    const [header, payload, signature] = token.split('.') as [string, string, string];
    const changed = Buffer.from(signature, 'base64url');
    changed[7]! ^= 1;
    await expectActive(app, client, token);
    await expectInactive(app, client, `${header}.${payload}.${changed.toString('base64url')}`);
  });

  it('[211] the public key has no private member', async () => {
    const { body } = await send(`${app.url}/jwks`);
    const keys = body.keys as Record<string, string>[];
    // RS256 is there in any case: ID tokens are signed with it (OpenID Connect Core §15.1).
    expect(keys.map(({ alg }) => alg).sort()).toEqual([...new Set([algorithm, 'RS256'])].sort());
    for (const key of keys) {
      expect(key).toMatchObject({ use: 'sig', kid: expect.any(String), kty: expect.any(String) });
      for (const member of ['d', 'p', 'q', 'dp', 'dq', 'qi', 'k']) expect(key).not.toHaveProperty(member);
    }
  });
});
