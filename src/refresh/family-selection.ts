/** Which families a revocation hits: one, all of a subject, of a client, of a subject at a client, or (nothing given) all. */
export interface FamilySelection {
  readonly sid?: string;
  readonly subject?: string;
  readonly clientId?: string;
}

export type FamilyState = 'active' | 'expired' | 'revoked';

/** How many live families there are, of how many subjects, and when one of them was last used. */
export interface FamilyCount {
  readonly families: number;
  readonly subjects: number;
  readonly lastUsedAt: Date | null;
}

/** What a selection holds, altogether and at each client, the most families first. */
export interface FamilyHits extends FamilyCount {
  readonly byClient: readonly (FamilyCount & { readonly clientId: string })[];
}

export const NO_HITS: FamilyHits = { families: 0, subjects: 0, lastUsedAt: null, byClient: [] };

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
