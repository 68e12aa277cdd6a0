/** A refreshed family with tokens of every kind, and expectations about them. */
import { expect } from '@jest/globals';
import { startFamily, type TestClient } from './clients.js';
import { introspect, refresh } from './requests.js';
import type { TestApp } from './test-app.js';

export interface TestSession {
  readonly familyId: string;
  readonly subject: string;
  /** The current one. */
  readonly refreshToken: string;
  /** The one before it. */
  readonly predecessor: string;
  /** The one that came with the current refresh token. */
  readonly accessToken: string;
}

export async function startSession(
  app: TestApp,
  client: TestClient,
  options: Parameters<typeof startFamily>[2] = {},
): Promise<TestSession> {
  const { familyId, subject, refreshToken: predecessor } = await startFamily(app, client, options);
  const { body } = await refresh(app, client, predecessor);
  return { familyId, subject, predecessor, refreshToken: body.refresh_token, accessToken: body.access_token };
}

export async function expectActive(app: TestApp, caller: TestClient, ...tokens: string[]): Promise<void> {
  for (const token of tokens) expect((await introspect(app, caller, token)).body).toMatchObject({ active: true });
}

/** Compares the whole response, so that nothing reveals the reason. */
export async function expectInactive(app: TestApp, caller: TestClient, ...tokens: string[]): Promise<void> {
  for (const token of tokens) {
    const answer = await introspect(app, caller, token);
    expect({ status: answer.status, text: answer.text }).toEqual({ status: 200, text: '{"active":false}' });
  }
}
