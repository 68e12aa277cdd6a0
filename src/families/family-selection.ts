/** A selection of families: those that match all given members, or all families if none is given. */
export interface FamilySelection {
  readonly familyId?: string;
  readonly subject?: string;
  readonly clientId?: string;
  /** The login session that they belong to. */
  readonly sessionId?: string;
  /** Without those of this login session. */
  readonly exceptSessionId?: string;
  /** Whether they outlive it. */
  readonly offline?: boolean;
}

export type FamilyState = 'active' | 'expired' | 'revoked';

/** The number of live families, their subjects, and the last use. */
export interface FamilyCount {
  readonly families: number;
  readonly subjects: number;
  readonly lastUsedAt: Date | null;
}

/** The hits of a selection, in total and per client, clients with most families first. */
export interface FamilyHits extends FamilyCount {
  readonly byClient: readonly (FamilyCount & { readonly clientId: string })[];
}

export interface EndedFamily {
  readonly familyId: string;
  /** Milliseconds since the epoch: an upper bound for the issue time of its access tokens. */
  readonly lastUsedAt: number;
}

export const NO_HITS: FamilyHits = { families: 0, subjects: 0, lastUsedAt: null, byClient: [] };

/**
 * The conditions of a selection as SQL over `token_families`, so that each combination finds its own index.
 * @param parameters gets the values; placeholders go on from its length
 */
export function selectionSql(
  { familyId, subject, clientId, sessionId, exceptSessionId, offline }: FamilySelection,
  parameters: unknown[],
): string {
  const conditions = Object.entries({
    family_id: familyId,
    subject,
    client_id: clientId,
    session_id: sessionId,
    offline,
  }).filter(([, value]) => value !== undefined);
  const equal = conditions.map(([column, value]) => `${column} = $${parameters.push(value)}`);
  const different =
    exceptSessionId === undefined ? [] : [`session_id IS DISTINCT FROM $${parameters.push(exceptSessionId)}`];
  return [...equal, ...different].join(' AND ') || 'true';
}
