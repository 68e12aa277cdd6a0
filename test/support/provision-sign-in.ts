/** Users and clients of a service in a separate process: created through the admin API, used through the pages. */
import { randomBytes } from 'node:crypto';
import type { TestClient } from './clients.js';
import { asAdmin, registerClient, type Address } from './provision.js';
import { send, type Answer } from './requests.js';
import { REDIRECT_URI, type Site, type TestUser } from './sign-in.js';
import { Visitor, type Visit } from './visitor.js';

/** The issuer of every replica (`rekey-process.ts`). */
const ISSUER = 'http://rekey.test';

export const siteOf = ({ url }: Address): Site => ({ url, issuer: ISSUER });

export const newVisitor = (at: Address): Visitor => new Visitor(siteOf(at));

/** A confidential client that signs users in, and may introspect. @param fields as the admin API has them */
export const registerWebClient = (at: Address, fields: Record<string, unknown> = {}): Promise<TestClient> =>
  registerClient(at, {
    grant_types: ['authorization_code', 'refresh_token'],
    scopes: ['openid', 'profile', 'offline_access', 'read', 'write'],
    redirect_uris: [REDIRECT_URI],
    ...fields,
  });

export async function registerUser(at: Address): Promise<TestUser> {
  const name = randomBytes(6).toString('hex');
  const [username, password] = [`user-${name}`, `correct horse ${name}`];
  const { body } = await asAdmin(at, 'POST', '/users', { username, password });
  return { subject: body.subject as string, username, password };
}

export const cookieHeader = ({ cookies }: Visitor): Record<string, string> => ({
  cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; '),
});

/** A browser's GET request that does not follow redirects. */
export const look = ({ url }: Address, visitor: Visitor, path: string): Promise<Answer> =>
  send(url + path, { headers: cookieHeader(visitor), redirect: 'manual' });

/** Fills in and sends the form of a page, without following redirects. */
export function sendForm(
  { url }: Address,
  visitor: Visitor,
  { forms: [form] }: Visit,
  fields: Record<string, string> = {},
): Promise<Answer> {
  return send(url + form!.action, {
    method: form!.method,
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...cookieHeader(visitor) },
    body: new URLSearchParams({ ...form!.fields, ...fields }).toString(),
    redirect: 'manual',
  });
}
