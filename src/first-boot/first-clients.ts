/** The clients that the service registers itself. */
import { registrationDefaults, type ClientRegistration } from '../clients/client-registration.js';

export const ADMIN_CLIENT: ClientRegistration = {
  ...registrationDefaults,
  name: 'Administration',
  type: 'confidential',
  grantTypes: ['client_credentials'],
  scopes: ['rekey:admin'],
};

/** The client for `npm run try` and for manual requests. */
export const DEMO_CLIENT: ClientRegistration = {
  ...registrationDefaults,
  name: 'Demo shell',
  type: 'confidential',
  grantTypes: ['refresh_token', 'client_credentials'],
  scopes: ['read', 'write'],
  mayIntrospect: true,
};

/** The demo client listens on the port after the service's. @returns undefined if there is no such port */
export const webPortBeside = (port: number): number | undefined => (port > 0 && port < 65_535 ? port + 1 : undefined);

/** The part of the registration that depends on the addresses of service and demo client; updated when they change. */
export function webAddresses(port: number, issuer: string) {
  const url = `http://127.0.0.1:${port}`;
  return {
    redirectUris: [`${url}/callback`],
    postLogoutRedirectUris: [`${url}/`],
    backchannelLogoutUri: `${url}/backchannel-logout`,
    // Its own API, and userinfo.
    audience: [issuer, `${url}/api`],
  };
}

/** The client of `examples/relying-party/`, which signs users in and refreshes. */
export const webClient = (port: number, issuer: string): ClientRegistration => ({
  ...registrationDefaults,
  ...webAddresses(port, issuer),
  name: 'Demo client',
  type: 'confidential',
  grantTypes: ['authorization_code', 'refresh_token'],
  scopes: ['openid', 'profile', 'email', 'offline_access', 'read'],
});
