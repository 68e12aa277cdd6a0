import type { DataSource } from 'typeorm';

/** The number of rows per table, to see what a request has stored. */
export async function rowCounts(database: DataSource): Promise<Record<string, number>> {
  const tables = await database.query<{ name: string }[]>(
    `SELECT quote_ident(tablename) AS name FROM pg_tables WHERE schemaname = 'public' ORDER BY 1`,
  );
  const counts = tables.map(({ name }) => `(SELECT count(*)::int FROM ${name}) AS ${name}`);
  const [row] = await database.query<[Record<string, number>]>(`SELECT ${counts.join(', ')}`);
  return row;
}
