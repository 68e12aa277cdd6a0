/** Expectations of every response of the OAuth endpoints. */
import { expect } from '@jest/globals';
import { refresh, type Answer } from './requests.js';
import type { TestClient } from './clients.js';
import type { TestApp } from './test-app.js';

/** The characters of `error` and `error_description` (RFC 6749 §5.2). */
const ERROR_TEXT = /^[\x20-\x21\x23-\x5B\x5D-\x7E]*$/;

/** An error of the OAuth endpoints: flat JSON, one code, no-store, no token; a 401 has a challenge. */
export function expectError(answer: Answer, status: number, code: string): void {
  expect({ status: answer.status, error: answer.body.error }).toEqual({ status, error: code });
  expect(answer.headers.get('content-type')).toMatch(/^application\/json/);
  expect(answer.headers.get('cache-control')).toContain('no-store');
  expect(answer.headers.get('pragma')).toBe('no-cache');
  expect(Object.keys(answer.body).sort()).toEqual(['error', 'error_description']);
  expect(answer.body.error).toMatch(/^[a-z_]+$/);
  expect(answer.body.error_description).toMatch(ERROR_TEXT);
  if (status === 401) expect(answer.headers.get('www-authenticate')).toMatch(/^Basic realm=/);
}

/** An error consumes nothing: the token still refreshes, and its successor too. */
export async function expectAlive(app: TestApp, client: TestClient, refreshToken: string): Promise<void> {
  const first = await refresh(app, client, refreshToken);
  expect(first.status).toBe(200);
  expect((await refresh(app, client, first.body.refresh_token)).status).toBe(200);
}

/** The requests answered with a 5xx since the last call, from the access log. */
export function serverErrors(app: TestApp): string[] {
  const from = seen.get(app) ?? 0;
  seen.set(app, app.logs.length);
  return app.logs.slice(from).filter((line) => /"status":5\d\d/.test(line));
}

const seen = new WeakMap<TestApp, number>();
