import type { DataSource } from 'typeorm';

/** How many rows each table has: what a request has left behind is the difference. */
export async function rowCounts(database: DataSource): Promise<Record<string, number>> {
  const tables = await database.query<{ name: string }[]>(
    `SELECT quote_ident(tablename) AS name FROM pg_tables WHERE schemaname = 'public' ORDER BY 1`,
  );
  const counts = tables.map(({ name }) => `(SELECT count(*)::int FROM ${name}) AS ${name}`);
  const [row] = await database.query<[Record<string, number>]>(`SELECT ${counts.join(', ')}`);
  return row;
}
