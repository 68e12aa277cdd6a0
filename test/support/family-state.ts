/** The state of a family from its row and tokens, and the invariants of every family. */
import { expect } from '@jest/globals';
import { KeyRing } from '../../src/keys/key-ring.service.js';
import { mintRefreshToken, parseRefreshToken } from '../../src/families/refresh-token.js';
import type { TestClient } from './clients.js';
import { introspect, refresh } from './requests.js';
import type { TestApp } from './test-app.js';

/** With the column names. */
export interface FamilyRow {
  readonly id: string;
  readonly family_id: string;
  readonly scope: string[];
  readonly generation: number;
  readonly rotated_at: Date[];
  readonly created_at: Date;
  readonly last_used_at: Date;
  readonly idle_expires_at: Date;
  readonly absolute_expires_at: Date;
  readonly revoked_at: Date | null;
  readonly revoked_reason: string | null;
}

export async function familyRow(app: TestApp, familyId: string): Promise<FamilyRow> {
  const rows = await app.database.query<FamilyRow[]>('SELECT * FROM token_families WHERE family_id = $1', [familyId]);
  expect(rows).toHaveLength(1);
  return rows[0]!;
}

/** The token of any generation of a family, as the service mints it. */
export async function tokenOf(app: TestApp, familyId: string, generation: number): Promise<string> {
  const { id } = await familyRow(app, familyId);
  return mintRefreshToken({ handle: id, generation }, app.nest.get(KeyRing, { strict: false }).mintingTokenKey());
}

export function generationOf(app: TestApp, refreshToken: string): number {
  const parts = parseRefreshToken(refreshToken, app.nest.get(KeyRing, { strict: false }).tokenKey);
  if (!parts) throw new Error('The service handed out a refresh token that it does not know');
  return parts.generation;
}

/** The tokens that introspection reports as active, of all generations so far and the next one. Consumes nothing. */
export async function liveTokens(app: TestApp, client: TestClient, familyId: string): Promise<string[]> {
  const { generation } = await familyRow(app, familyId);
  const live: string[] = [];
  for (let candidate = 0; candidate <= generation + 1; candidate++) {
    const token = await tokenOf(app, familyId, candidate);
    if ((await introspect(app, client, token)).body.active) live.push(token);
  }
  return live;
}

/** Invariant 1: a family has exactly one live refresh token, and it works. @returns the next one */
export async function expectOneLive(app: TestApp, client: TestClient, familyId: string): Promise<string> {
  const live = await liveTokens(app, client, familyId);
  expect(live).toEqual([await tokenOf(app, familyId, (await familyRow(app, familyId)).generation)]);
  const answer = await refresh(app, client, live[0]!);
  expect(answer.status).toBe(200);
  return answer.body.refresh_token as string;
}

/** The family is invalid: no generation is active or accepted. */
export async function expectNoneLive(app: TestApp, client: TestClient, familyId: string): Promise<void> {
  const { generation } = await familyRow(app, familyId);
  for (let candidate = 0; candidate <= generation + 1; candidate++) {
    const token = await tokenOf(app, familyId, candidate);
    expect((await introspect(app, client, token)).text).toBe('{"active":false}');
    expect((await refresh(app, client, token)).body.error).toBe('invalid_grant');
  }
}

/** Invariant 6: the action leaves every column of the family's row unchanged. */
export async function expectUntouched<T>(app: TestApp, familyId: string, action: () => Promise<T>): Promise<T> {
  const before = await familyRow(app, familyId);
  const result = await action();
  expect(await familyRow(app, familyId)).toEqual(before);
  return result;
}
