/** golang.org/x/oauth2 tries Basic first and, whatever the error is, the same again with the secret in the body. */
import type { TestClient } from './clients.js';
import { postForm, type Answer } from './requests.js';

/** @returns its one or two answers */
export async function goRefresh(
  { url }: { url: string },
  { clientId, secret }: TestClient,
  refreshToken: string,
  more: Record<string, string> = {},
): Promise<Answer[]> {
  const form = { grant_type: 'refresh_token', refresh_token: refreshToken };
  const [id, escaped] = [clientId, secret!].map(encodeURIComponent);
  const authorization = `Basic ${Buffer.from(`${id}:${escaped}`).toString('base64')}`;
  const headers = { 'user-agent': 'Go-http-client/1.1', ...more };
  const first = await postForm(`${url}/token`, form, { ...headers, authorization });
  if (first.status === 200) return [first];
  const body = { ...form, client_id: clientId, client_secret: secret! };
  return [first, await postForm(`${url}/token`, body, headers)];
}
