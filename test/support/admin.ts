/** An admin client, its access token, and requests to the admin API as it sends them. */
import { confidentialClient, type TestClient } from './clients.js';
import { postAs, send, type Answer } from './requests.js';
import type { TestApp } from './test-app.js';

export interface Admin {
  readonly client: TestClient;
  readonly token: string;
  get(path: string): Promise<Answer>;
  post(path: string, body?: unknown): Promise<Answer>;
  patch(path: string, body: unknown): Promise<Answer>;
  delete(path: string): Promise<Answer>;
}

export const adminClient = (app: TestApp): Promise<TestClient> =>
  confidentialClient(app, { name: 'Admin', grantTypes: ['client_credentials'], scopes: ['rekey:admin', 'other'] });

/** @param client the token's client; by default a new admin client */
export async function admin(app: TestApp, client?: TestClient): Promise<Admin> {
  const as = client ?? (await adminClient(app));
  const token = await accessToken(app, as);
  const call = (method: string) => (path: string, body?: unknown) => callAdmin(app, method, path, bearer(token), body);
  return { client: as, token, get: call('GET'), post: call('POST'), patch: call('PATCH'), delete: call('DELETE') };
}

/** By client_credentials. */
export async function accessToken({ url }: { url: string }, client: TestClient, scope?: string): Promise<string> {
  const { body } = await postAs(client, `${url}/token`, {
    grant_type: 'client_credentials',
    ...(scope !== undefined && { scope }),
  });
  return body.access_token as string;
}

export const bearer = (token: string): Record<string, string> => ({ authorization: `Bearer ${token}` });

/** @param path below `/admin/v1` @param body to be sent as JSON, or text to be sent as it is */
export function callAdmin(
  { url }: { url: string },
  method: string,
  path: string,
  headers: Record<string, string>,
  body?: unknown,
): Promise<Answer> {
  if (body === undefined) return send(`${url}/admin/v1${path}`, { method, headers });
  const json = typeof body === 'string' ? body : JSON.stringify(body);
  return send(`${url}/admin/v1${path}`, {
    method,
    headers: { 'content-type': 'application/json', ...headers },
    body: json,
  });
}

/** One member of each item of a list. */
export const column = (answer: Answer, name: string): string[] =>
  (answer.body.items as Record<string, string>[]).map((item) => item[name]!);

/** The fields named in a problem. */
export const wrongFields = (answer: Answer): string[] =>
  (answer.body.errors as { field: string }[]).map(({ field }) => field);
