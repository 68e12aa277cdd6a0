import { describe, expect, it } from '@jest/globals';
import type { Client } from '../clients/client.js';
import { registrationDefaults } from '../clients/client-registration.js';
import { Form } from '../oauth/form.js';
import { OAuthError } from '../oauth/oauth-error.js';
import { withParameters } from '../oauth/uri.js';
import { responseParameters, responseTargetOf } from './response-target.js';

const aClient = (overrides: Partial<Client> = {}): Client => ({
  ...registrationDefaults,
  clientId: 'c1',
  name: 'A client',
  type: 'confidential',
  redirectUris: ['https://client.test/back'],
  disabledAt: null,
  secrets: [],
  ...overrides,
});

const read = (query: string, client: Client | undefined = aClient()) => responseTargetOf(client, Form.parse(query));

describe('the response target', () => {
  it('the response goes to the registered redirect URI, in the requested response mode', () => {
    expect(read('redirect_uri=https://client.test/back&response_mode=form_post&state=x')).toMatchObject({
      redirectUri: 'https://client.test/back',
      namedRedirectUri: true,
      responseMode: 'form_post',
      state: 'x',
    });
  });

  it('the response goes to the only registered redirect URI if none is named', () => {
    expect(read('')).toMatchObject({ redirectUri: 'https://client.test/back', namedRedirectUri: false });
  });

  it.each([
    ['a client that is disabled', 'redirect_uri=https://client.test/back', aClient({ disabledAt: new Date(0) })],
    ['a redirect URI that is not registered', 'redirect_uri=https://client.test/elsewhere', aClient()],
    ['no URI, with two registered', '', aClient({ redirectUris: ['https://a.test/', 'https://b.test/'] })],
    ['no URI, with none registered', '', aClient({ redirectUris: [] })],
  ])('there is no response target for %s', (_title, query, client) => {
    expect(() => read(query, client)).toThrow(OAuthError);
  });

  it('there is no response target for an unknown client', () => {
    expect(() => responseTargetOf(undefined, Form.parse(''))).toThrow(OAuthError);
  });
});

describe('an answer', () => {
  const target = read('redirect_uri=https://client.test/back&state=a%26b%20%22');

  it('[265] a response names the issuer, with a code and with an error', () => {
    expect(responseParameters({ code: 'ac_x' }, target, 'https://rekey.test')).toEqual({
      code: 'ac_x',
      state: 'a&b "',
      iss: 'https://rekey.test',
    });
    expect(responseParameters(new OAuthError('access_denied'), target, 'https://rekey.test')).toMatchObject({
      error: 'access_denied',
      state: 'a&b "',
      iss: 'https://rekey.test',
    });
  });

  it.each([
    ['https://client.test/back', 'https://client.test/back?code=1'],
    ['https://client.test/back?tenant=a%20b', 'https://client.test/back?tenant=a%20b&code=1'],
    ['com.example.app:/back', 'com.example.app:/back?code=1'],
  ])('a response leaves the redirect URI %s unchanged', (redirectUri, url) => {
    expect(withParameters(redirectUri, { code: '1' })).toBe(url);
  });
});
