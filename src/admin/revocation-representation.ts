/** Revocations as the admin API shows them. */
import type { FamilyCount, FamilyHits } from '../families/family-selection.js';
import type { RevocationEntity } from '../revocation/revocation.entity.js';
import type { RevocationKind } from '../revocation/revocation.js';
import type { RevocationDto, RevocationHitsDto, RevocationOutcomeDto } from './revocation.dto.js';

export interface RevocationOutcome {
  readonly kind: RevocationKind;
  /** Empty for kind `all`. */
  readonly value: string;
  readonly hits: FamilyHits;
  /** Undefined after a dry run. */
  /** Of a dry run. */
  readonly confirmation?: string;
  readonly done: { readonly id: string; readonly notBefore: number } | undefined;
}

const MAX_CLIENTS = 100;

export const showOutcome = ({ kind, value, hits, done, confirmation }: RevocationOutcome): RevocationOutcomeDto => ({
  ...(done && { id: done.id }),
  kind,
  ...(value !== '' && { value }),
  dry_run: !done,
  ...(done && { not_before: new Date(done.notBefore).toISOString() }),
  ...(confirmation !== undefined && { confirmation }),
  hits: showHits(hits),
});

const showHits = (hits: FamilyHits): RevocationHitsDto => ({
  ...showCount(hits),
  clients: hits.byClient.slice(0, MAX_CLIENTS).map((count) => ({ client_id: count.clientId, ...showCount(count) })),
});

const showCount = ({ families, subjects, lastUsedAt }: FamilyCount) => ({
  families,
  subjects,
  ...(lastUsedAt && { last_used_at: lastUsedAt.toISOString() }),
});

export const showRevocation = (revocation: RevocationEntity): RevocationDto => ({
  id: revocation.id,
  kind: revocation.kind,
  ...(revocation.value !== '' && { value: revocation.value }),
  reason: revocation.reason,
  actor: revocation.actor,
  not_before: revocation.notBefore.toISOString(),
  expires_at: revocation.expiresAt.toISOString(),
  created_at: revocation.createdAt.toISOString(),
});
