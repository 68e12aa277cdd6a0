/** Object mothers: clients and families, each with overrides. */
import { ClientDirectory } from '../../src/clients/client-directory.service.js';
import type { ClientAuthMethod } from '../../src/clients/client-auth-method.js';
import { registrationDefaults, type ClientRegistration } from '../../src/clients/client-registration.js';
import { ClientsService } from '../../src/clients/clients.service.js';
import { FamiliesService } from '../../src/families/families.service.js';
import type { TestApp } from './test-app.js';

export interface TestClient {
  readonly clientId: string;
  readonly secret: string | undefined;
  readonly method: ClientAuthMethod;
}

const ORIGIN = { actor: 'test', correlationId: 'test' };

/** C1: confidential, Basic, both grants, scopes a b c. */
export async function confidentialClient(
  app: TestApp,
  overrides: Partial<ClientRegistration> = {},
  known: { clientId?: string; secret?: string } = {},
): Promise<TestClient> {
  return register(app, { type: 'confidential', tokenEndpointAuthMethod: 'client_secret_basic', ...overrides }, known);
}

/** P1: public, named by its client_id alone. */
export async function publicClient(app: TestApp, overrides: Partial<ClientRegistration> = {}): Promise<TestClient> {
  return register(app, {
    type: 'public',
    tokenEndpointAuthMethod: 'none',
    grantTypes: ['refresh_token'],
    ...overrides,
  });
}

/** RS1: a resource server that may introspect tokens for its audience. */
export async function resourceServer(app: TestApp, audience: string): Promise<TestClient> {
  return confidentialClient(app, {
    name: 'Resource server',
    grantTypes: [],
    scopes: [],
    audience: [audience],
    mayIntrospect: true,
  });
}

async function register(
  app: TestApp,
  overrides: Partial<ClientRegistration>,
  known: { clientId?: string; secret?: string } = {},
): Promise<TestClient> {
  const registration: ClientRegistration = {
    ...registrationDefaults,
    name: 'Test client',
    type: 'confidential',
    grantTypes: ['refresh_token', 'client_credentials'],
    scopes: ['a', 'b', 'c'],
    ...overrides,
  };
  const { client, secret } = await app.nest
    .get(ClientsService, { strict: false })
    .register(registration, ORIGIN, known);
  return { clientId: client.clientId, secret: secret?.secret, method: client.tokenEndpointAuthMethod };
}

export interface TestFamily {
  readonly familyId: string;
  /** Of generation 0. */
  readonly refreshToken: string;
  readonly subject: string;
}

/** A family of subject u1 with scope a b c, unless said otherwise. */
export async function startFamily(
  app: TestApp,
  client: TestClient,
  { subject = 'u1', scope = ['a', 'b', 'c'] }: { subject?: string; scope?: string[] } = {},
): Promise<TestFamily> {
  const found = await app.nest.get(ClientDirectory, { strict: false }).load(client.clientId);
  const { familyId, refreshToken } = await app.nest
    .get(FamiliesService, { strict: false })
    .start(found!, subject, scope, ORIGIN);
  return { familyId, refreshToken, subject };
}

/** Changes a registered client as an admin would. */
export async function changeClient(
  app: TestApp,
  client: TestClient,
  changes: Partial<ClientRegistration> & { disabled?: boolean },
): Promise<void> {
  await app.nest.get(ClientsService, { strict: false }).update(client.clientId, changes, ORIGIN);
}
