/** The endpoints at which clients authenticate. The metadata proves that the list is complete. */
import { expect } from '@jest/globals';
import { send } from './requests.js';
import type { TestApp } from './test-app.js';

export const clientEndpoints = ['/token', '/revoke', '/introspect'] as const;

/** Fails if an endpoint takes client credentials but is not in the list. */
export async function expectNoOtherEndpoints(app: TestApp): Promise<void> {
  const { body } = await send(`${app.url}/.well-known/oauth-authorization-server`);
  const metadata = body as Record<string, string>;
  const advertised = Object.keys(metadata)
    .filter((name) => `${name}_auth_methods_supported` in metadata)
    .map((name) => metadata[name]!.slice(app.issuer.length));
  expect(advertised.sort()).toEqual([...clientEndpoints].sort());
}
