/** Everything that the database holds, as one text to search in. */
import type { DataSource } from 'typeorm';

/** The one column that a refresh token has something in common with: it is a part of the token, and not the token. */
const HANDLE = { table: 'token_families', column: 'id' };

/** A line a value: `table.column: value`. Bytes stand there as hex, as base64, and as the text that they might be. */
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
