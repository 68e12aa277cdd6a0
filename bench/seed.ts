/** Families as they look after months of use: nine refreshes each, their times remembered, spread over subjects. */
import type pg from 'pg';
import { mintRefreshToken } from '../src/families/refresh-token.js';
import type { TokenKey } from '../src/keys/token-key.js';
import { CLIENT_ID } from './prepare.js';

const GENERATION = 9;

export interface Seed {
  readonly families: number;
  /** All of one subject; undefined: each family has its own. */
  readonly subject?: string;
  /** Expired so many days ago; undefined: they live. */
  readonly deadForDays?: number;
}

/** The rows are made in PostgreSQL, in keys' random order, as they would come. */
export async function seedFamilies(database: pg.Client, { families, subject, deadForDays }: Seed): Promise<void> {
  await database.query(
    `INSERT INTO token_families (id, family_id, client_id, subject, scope, generation, rotated_at, created_at, last_used_at,
       idle_expires_at, absolute_expires_at)
     SELECT gen_random_uuid(), gen_random_uuid(), $1, coalesce($3, 'subject-' || n), '{read,write}', ${GENERATION},
       array_fill(used, ARRAY[8]), used, used, ends, ends
     FROM generate_series(1, $2::int) n,
       (SELECT now() - coalesce($4::int, 0) * interval '1 day' AS used) AS u,
       (SELECT CASE WHEN $4::int IS NULL THEN now() + interval '30 days' ELSE now() - $4::int * interval '1 day' END AS ends) AS e`,
    [CLIENT_ID, families, subject ?? null, deadForDays ?? null],
  );
}

/** Refresh tokens of so many live families, from all over the table. */
export async function tokensOf(database: pg.Client, count: number, key: TokenKey): Promise<string[]> {
  const { rows } = await database.query<{ id: string }>(
    `SELECT id FROM token_families WHERE subject LIKE 'subject-%' AND idle_expires_at > now() AND generation = ${GENERATION}
     ORDER BY md5(id::text) LIMIT $1`,
    [count],
  );
  return rows.map(({ id }) => mintRefreshToken({ handle: id, generation: GENERATION }, key));
}
