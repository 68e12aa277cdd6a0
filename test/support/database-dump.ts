/** The content of the whole database as one searchable text. */
import type { DataSource } from 'typeorm';

/** The only column that is part of a refresh token, but not the token itself. */
const HANDLE = { table: 'token_families', column: 'id' };

/** One line per value: `table.column: value`. Bytes appear as hex, as base64 and as text. */
export async function dumpDatabase(database: DataSource): Promise<string> {
  const tables = await database.query<{ name: string }[]>(
    `SELECT quote_ident(tablename) AS name FROM pg_tables WHERE schemaname = 'public' ORDER BY 1`,
  );
  const lines: string[] = [];
  for (const { name } of tables) {
    const rows = await database.query<Record<string, unknown>[]>(`SELECT * FROM ${name}`);
    for (const row of rows) {
      for (const [column, value] of Object.entries(row)) {
        if (name === HANDLE.table && column === HANDLE.column) continue;
        lines.push(`${name}.${column}: ${textOf(value)}`);
      }
    }
  }
  return lines.join('\n');
}

const textOf = (value: unknown): string =>
  Buffer.isBuffer(value)
    ? `${value.toString('hex')} ${value.toString('base64')} ${value.toString('latin1')}`
    : JSON.stringify(value);
