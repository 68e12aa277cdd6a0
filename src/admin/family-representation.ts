/** Families as the admin API shows them, without the handle, which is secret. */
import type { FamilyState } from '../families/family-selection.js';
import type { TokenFamilyEntity } from '../families/token-family.entity.js';
import { fieldOfProblem } from '../platform/http/invalid-fields.js';
import { formatScope } from '../oauth/scope.js';
import type { FamilyDto, ImportedFamilyDto } from './family.dto.js';

export type FamilyImport =
  | { readonly result: 'created'; readonly familyId: string }
  | { readonly result: 'exists' }
  | { readonly result: 'invalid'; readonly problems: readonly string[] };

/** @param now milliseconds since the epoch */
export const showFamily = (family: TokenFamilyEntity, now: number): FamilyDto => ({
  family_id: family.familyId,
  client_id: family.clientId,
  subject: family.subject,
  scope: formatScope(family.scope),
  generation: family.generation,
  state: stateOf(family, now),
  created_at: family.createdAt.toISOString(),
  last_used_at: family.lastUsedAt.toISOString(),
  idle_expires_at: family.idleExpiresAt.toISOString(),
  absolute_expires_at: family.absoluteExpiresAt.toISOString(),
  ...(family.revokedAt && { revoked_at: family.revokedAt.toISOString() }),
  ...(family.revokedReason !== null && { revoked_reason: family.revokedReason }),
});

function stateOf({ revokedAt, idleExpiresAt, absoluteExpiresAt }: TokenFamilyEntity, now: number): FamilyState {
  if (revokedAt) return 'revoked';
  return now < Math.min(idleExpiresAt.getTime(), absoluteExpiresAt.getTime()) ? 'active' : 'expired';
}

export const showImportedFamily = (outcome: FamilyImport, index: number): ImportedFamilyDto => ({
  index,
  result: outcome.result,
  ...(outcome.result === 'created' && { family_id: outcome.familyId }),
  ...(outcome.result === 'invalid' && { errors: outcome.problems.map(fieldOfProblem) }),
});
