/** Which families a revocation hits: one, all of a subject, of a client, of a subject at a client, or (nothing given) all. */
export interface FamilySelection {
  readonly sid?: string;
  readonly subject?: string;
  readonly clientId?: string;
}

export type FamilyState = 'active' | 'expired' | 'revoked';

/** How many live families a selection holds at one client. */
export interface FamilyCount {
  readonly clientId: string;
  readonly families: number;
  readonly subjects: number;
  readonly lastUsedAt: Date;
}

/**
 * The conditions of a selection as SQL over `token_families`, so that each combination finds its own index.
 * @param parameters gets the values; placeholders go on from its length
 */
export function selectionSql({ sid, subject, clientId }: FamilySelection, parameters: unknown[]): string {
  const conditions = [
    ['sid', sid],
    ['subject', subject],
    ['client_id', clientId],
  ].filter(([, value]) => value !== undefined);
  return conditions.map(([column, value]) => `${column} = $${parameters.push(value)}`).join(' AND ') || 'true';
}
