/** Converts scopes between the admin API and storage. */
import type { ScopeEntity } from '../scopes/scope.entity.js';
import type { ScopeRequest } from '../scopes/scope-rules.js';
import type { CreateScopeDto, ScopeDto, UpdateScopeDto } from './scope.dto.js';

export const showScope = (scope: ScopeEntity): ScopeDto => ({
  name: scope.name,
  texts: { en: scope.textEn, ...(scope.textZhHant !== null && { 'zh-Hant': scope.textZhHant }) },
  claims: scope.claims,
  into: scope.into,
  ...(scope.audience !== null && { audience: scope.audience }),
  created_at: scope.createdAt.toISOString(),
  updated_at: scope.updatedAt.toISOString(),
});

export const requestedScope = ({ name, texts, claims, into, audience }: CreateScopeDto): ScopeRequest => ({
  name,
  textEn: texts.en,
  textZhHant: texts['zh-Hant'] ?? null,
  claims: claims ?? [],
  into: into ?? ['userinfo'],
  audience: audience ?? null,
});

/** @returns only the fields that the request named */
export const scopeChangesIn = ({ texts, claims, into, audience }: UpdateScopeDto): Partial<ScopeRequest> => ({
  ...(texts?.en !== undefined && { textEn: texts.en }),
  ...(texts?.['zh-Hant'] !== undefined && { textZhHant: texts['zh-Hant'] }),
  ...(claims !== undefined && { claims }),
  ...(into !== undefined && { into }),
  ...(audience !== undefined && { audience }),
});
