/** Creates clients and families of a running service through the admin API. */
import { accessToken, bearer, callAdmin } from './admin.js';
import type { TestClient, TestFamily } from './clients.js';
import { FIRST_ADMIN } from './rekey-process.js';
import type { Answer } from './requests.js';

export interface Address {
  readonly url: string;
  /** By default the admin client of every replica. */
  readonly admin?: TestClient;
}

const adminToken = (at: Address): Promise<string> => accessToken(at, at.admin ?? FIRST_ADMIN);

/** An admin request that has to succeed. */
export async function asAdmin(at: Address, method: string, path: string, body?: unknown): Promise<Answer> {
  const answer = await callAdmin(at, method, path, bearer(await adminToken(at)), body);
  if (answer.status >= 300) throw new Error(`${method} ${path} was answered ${answer.status}: ${answer.text}`);
  return answer;
}

/** A confidential client with scopes a b c that may introspect, unless said otherwise. @param fields as the admin API has them */
export async function registerClient(at: Address, fields: Record<string, unknown> = {}): Promise<TestClient> {
  const { body } = await asAdmin(at, 'POST', '/clients', {
    name: 'Test client',
    type: 'confidential',
    token_endpoint_auth_method: 'client_secret_basic',
    grant_types: ['refresh_token', 'client_credentials'],
    scopes: ['a', 'b', 'c'],
    may_introspect: true,
    ...fields,
  });
  return { clientId: body.client_id, secret: body.client_secret, method: body.token_endpoint_auth_method };
}

export async function beginFamily(at: Address, { clientId }: TestClient, subject = 'u1'): Promise<TestFamily> {
  const { body } = await asAdmin(at, 'POST', '/families', { client_id: clientId, subject, scope: 'a b c' });
  return { familyId: body.family_id, refreshToken: body.refresh_token, subject };
}

/** Many, one after the other with one access token. */
export async function beginFamilies(at: Address, { clientId }: TestClient, count: number): Promise<TestFamily[]> {
  const headers = bearer(await adminToken(at));
  const families: TestFamily[] = [];
  for (let index = 0; index < count; index++) {
    const subject = `u${index}`;
    const { body } = await callAdmin(at, 'POST', '/families', headers, {
      client_id: clientId,
      subject,
      scope: 'a b c',
    });
    families.push({ familyId: body.family_id, refreshToken: body.refresh_token, subject });
  }
  return families;
}
