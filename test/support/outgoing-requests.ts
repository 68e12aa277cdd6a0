import { AddressLookup } from '../../src/platform/egress/address-lookup.service.js';
import { OutgoingRequests } from '../../src/platform/egress/outgoing-requests.service.js';
import { loadConfig } from '../../src/platform/config/load-config.js';
import { TEST_SECRET } from './test-app.js';

/** @param addresses of each look-up in turn, the last for all that follow; without it, the system's resolver is asked */
export function outgoingRequests(environment: Record<string, string> = {}, addresses?: string[][]): OutgoingRequests {
  const config = loadConfig({ NODE_ENV: 'test', REKEY_SECRET: TEST_SECRET, ...environment });
  return new OutgoingRequests(config, addresses ? new ScriptedLookup(addresses) : new AddressLookup());
}

/** The settings that a start in production needs. */
export const PRODUCTION = {
  NODE_ENV: 'production',
  REKEY_ISSUER: 'https://rekey.test',
  REKEY_ADMIN_CLIENT_ID: 'admin',
  REKEY_ADMIN_CLIENT_SECRET: 'test-admin-secret-0123456789-abcdefghijklmnop',
  REKEY_TRUSTED_PROXIES: '127.0.0.1',
};

class ScriptedLookup extends AddressLookup {
  constructor(private readonly answers: string[][]) {
    super();
  }

  override async all() {
    const addresses = this.answers.length > 1 ? this.answers.shift()! : this.answers[0]!;
    return addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
  }
}
