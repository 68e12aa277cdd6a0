import { describe, expect, it } from '@jest/globals';
import { registrationDefaults } from '../../clients/client-registration.js';
import type { Client } from '../../clients/client.js';
import { Form } from '../../oauth/form.js';
import { clientIdOf, endSessionRequestOf, postLogoutLocation } from './end-session-request.js';

const HOME = 'https://shop.example/signed-out';

const client: Client = {
  ...registrationDefaults,
  clientId: 'shop',
  name: 'Shop',
  type: 'confidential',
  postLogoutRedirectUris: [HOME, 'https://shop.example/?a=b', 'com.example.shop:/out'],
  disabledAt: null,
  secrets: [],
};

const request = (parameters: Record<string, string>) =>
  endSessionRequestOf(Form.parse(new URLSearchParams(parameters).toString()));

const hint = { clientId: 'shop' };

describe('the client of a logout request', () => {
  it('the client is the one that the request names, or the one of the ID token', () => {
    expect(clientIdOf(request({ client_id: 'shop' }), undefined)).toBe('shop');
    expect(clientIdOf(request({ id_token_hint: 'x' }), hint)).toBe('shop');
    expect(clientIdOf(request({ id_token_hint: 'x', client_id: 'shop' }), hint)).toBe('shop');
    expect(clientIdOf(request({}), undefined)).toBeUndefined();
  });

  it('there is no client if the two differ, or the ID token is invalid', () => {
    expect(clientIdOf(request({ id_token_hint: 'x', client_id: 'other' }), hint)).toBeUndefined();
    expect(clientIdOf(request({ id_token_hint: 'x', client_id: 'shop' }), undefined)).toBeUndefined();
  });
});

describe('the redirect after a logout', () => {
  const location = (parameters: Record<string, string>, of: Client | undefined = client) =>
    postLogoutLocation(of, request(parameters));

  it('the browser is redirected to a registered URI, with the state', () => {
    expect(location({ post_logout_redirect_uri: HOME })).toBe(HOME);
    expect(location({ post_logout_redirect_uri: HOME, state: 'a&b=c d' })).toBe(`${HOME}?state=a%26b%3Dc+d`);
    expect(location({ post_logout_redirect_uri: 'https://shop.example/?a=b', state: 'x' })).toBe(
      'https://shop.example/?a=b&state=x',
    );
    expect(location({ post_logout_redirect_uri: 'com.example.shop:/out', state: 'x' })).toBe(
      'com.example.shop:/out?state=x',
    );
  });

  it('there is no redirect without a client, or with a disabled one', () => {
    expect(postLogoutLocation(undefined, request({ post_logout_redirect_uri: HOME }))).toBeUndefined();
    expect(location({ post_logout_redirect_uri: HOME }, { ...client, disabledAt: new Date(0) })).toBeUndefined();
  });

  it('there is no redirect without a requested URI', () => {
    expect(location({ state: 'x' })).toBeUndefined();
  });
});
