/** Requests as clients send them. */
import type { TestClient } from './clients.js';
import { noteAnswer, noteRequest } from './seen-secrets.js';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The parsed body; an empty object for an empty body. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- the test knows its type
  readonly body: any;
}

export type FormFields = Record<string, string> | URLSearchParams | string;

/** @param fields a record or parameters to encode, or the body as it is */
export async function postForm(url: string, fields: FormFields, headers: Record<string, string> = {}): Promise<Answer> {
  const body = typeof fields === 'string' ? fields : new URLSearchParams(fields).toString();
  return send(url, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
    body,
  });
}

export async function send(url: string, init: RequestInit = {}): Promise<Answer> {
  noteRequest(init);
  const response = await fetch(url, init);
  const text = await response.text();
  noteAnswer(response.headers, text);
  const isJson = /json/.test(response.headers.get('content-type') ?? '') && text !== '';
  return { status: response.status, headers: response.headers, text, body: isJson ? JSON.parse(text) : {} };
}

/** The header of `client_secret_basic`, form-encoded inside as RFC 6749 §2.3.1 wants it. */
export const basic = ({ clientId, secret }: Pick<TestClient, 'clientId' | 'secret'>): Record<string, string> => ({
  authorization: `Basic ${Buffer.from(`${formEncode(clientId)}:${formEncode(secret ?? '')}`).toString('base64')}`,
});

const formEncode = (text: string): string => new URLSearchParams({ x: text }).toString().slice(2);

/** The client's credentials by its registered method: headers for Basic, fields for the others. */
export function credentialsOf(client: TestClient): { headers: Record<string, string>; fields: Record<string, string> } {
  switch (client.method) {
    case 'client_secret_basic':
      return { headers: basic(client), fields: {} };
    case 'client_secret_post':
      return { headers: {}, fields: { client_id: client.clientId, client_secret: client.secret ?? '' } };
    case 'none':
      return { headers: {}, fields: { client_id: client.clientId } };
  }
}

/** An authenticated POST of a form by this client. */
export function postAs(client: TestClient, url: string, fields: Record<string, string>): Promise<Answer> {
  const credentials = credentialsOf(client);
  return postForm(url, { ...credentials.fields, ...fields }, credentials.headers);
}

export const refresh = (
  { url }: { url: string },
  client: TestClient,
  refreshToken: string,
  fields: Record<string, string> = {},
): Promise<Answer> =>
  postAs(client, `${url}/token`, { grant_type: 'refresh_token', refresh_token: refreshToken, ...fields });

export const introspect = ({ url }: { url: string }, caller: TestClient, token: string): Promise<Answer> =>
  postAs(caller, `${url}/introspect`, { token });

export const revoke = ({ url }: { url: string }, client: TestClient, token: string): Promise<Answer> =>
  postAs(client, `${url}/revoke`, { token });
