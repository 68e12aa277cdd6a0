/** The clients that a service registers by itself. */
import { registrationDefaults, type ClientRegistration } from '../clients/client-registration.js';

export const ADMIN_CLIENT: ClientRegistration = {
  ...registrationDefaults,
  name: 'Administration',
  type: 'confidential',
  grantTypes: ['client_credentials'],
  scopes: ['rekey:admin'],
};

/** For the lines that one can paste. */
export const DEMO_CLIENT: ClientRegistration = {
  ...registrationDefaults,
  name: 'Demo',
  type: 'confidential',
  grantTypes: ['refresh_token', 'client_credentials'],
  scopes: ['read', 'write'],
  mayIntrospect: true,
};

/** The demo client listens beside the service, on the next port. @returns undefined where there is none to count from */
export const webPortBeside = (port: number): number | undefined => (port > 0 && port < 65_535 ? port + 1 : undefined);

/** What of the registration depends on where the two listen: it follows them when they move. */
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

/** `examples/relying-party/`: signs users in, and keeps them signed in. */
export const webClient = (port: number, issuer: string): ClientRegistration => ({
  ...registrationDefaults,
  ...webAddresses(port, issuer),
  name: 'Demo client',
  type: 'confidential',
  grantTypes: ['authorization_code', 'refresh_token'],
  scopes: ['openid', 'profile', 'email', 'offline_access', 'read'],
});
