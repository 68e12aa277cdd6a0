import { describe, expect, it } from '@jest/globals';
import { signingAlgorithms, type SigningAlgorithm } from '../../keys/signing-algorithm.js';
import { builtInScopes } from '../../oauth/scope-definition.js';
import { serverMetadata } from './server-metadata.js';

const config = { issuer: 'https://id.example/t1', signingAlgorithm: 'ES256' as const, upstreamIssuer: undefined };
const grantTypes = ['refresh_token', 'authorization_code'];

describe('the metadata', () => {
  it.each(Object.keys(signingAlgorithms) as SigningAlgorithm[])(
    'ID tokens can be signed with RS256 and the algorithm of access tokens, %s',
    (signingAlgorithm) => {
      const { id_token_signing_alg_values_supported } = serverMetadata(
        { ...config, signingAlgorithm },
        grantTypes,
        builtInScopes,
      );
      expect(id_token_signing_alg_values_supported).toEqual([...new Set([signingAlgorithm, 'RS256'])]);
    },
  );

  it('the upstream provider is listed as another acr if there is one', () => {
    const acrOf = (upstreamIssuer: string | undefined) =>
      serverMetadata({ ...config, upstreamIssuer }, grantTypes, builtInScopes)['acr_values_supported'];
    expect(acrOf(undefined)).toEqual(['urn:rekey:password']);
    expect(acrOf('https://upstream.example')).toEqual(['urn:rekey:password', 'urn:rekey:upstream']);
  });

  it('the available grants are listed', () => {
    expect(serverMetadata(config, ['client_credentials'], builtInScopes)['grant_types_supported']).toEqual([
      'client_credentials',
    ]);
  });

  it('every endpoint is below the issuer', () => {
    const urls = Object.entries(serverMetadata(config, grantTypes, builtInScopes)).filter(([name]) =>
      /_endpoint$|_uri$/.test(name),
    );
    expect(urls.length).toBeGreaterThan(5);
    expect(urls.filter(([, url]) => !String(url).startsWith(`${config.issuer}/`))).toEqual([]);
  });
});
