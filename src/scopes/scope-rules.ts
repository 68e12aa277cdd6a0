/** The rules for defining a scope. New scopes and changed ones go through the same rules. */
import { claimNameProblem } from '../oauth/claim-name.js';
import { ADMIN_SCOPE, isScopeToken, OFFLINE_ACCESS, OPENID } from '../oauth/scope.js';
import { builtInScopes } from '../oauth/scope-definition.js';
import type { ScopeEntity } from './scope.entity.js';

/** The part that an admin decides. */
export type ScopeRequest = Omit<ScopeEntity, 'createdAt' | 'updatedAt'>;

/** All of them are kept in memory. */
export const MAX_SCOPES = 500;
export const MAX_SCOPE_CLAIMS = 50;
export const MAX_SCOPE_TEXT_CHARACTERS = 200;
export const MAX_AUDIENCE_CHARACTERS = 500;

/** They mean something to this service. */
const OWN_SCOPES: readonly string[] = [OPENID, OFFLINE_ACCESS, ADMIN_SCOPE, ...builtInScopes.keys()];
const OWN_PREFIX = 'rekey:';

/** @returns all problems, each beginning with the name of its field */
export function scopeProblems({ name, textEn, textZhHant, claims, into, audience }: ScopeRequest): string[] {
  const rules: [broken: boolean, problem: string][] = [
    [!isScopeToken(name), 'name must be a scope token (RFC 6749 section 3.3) of 128 characters at most'],
    [OWN_SCOPES.includes(name) || name.startsWith(OWN_PREFIX), 'name must not be that of a scope of this service'],
    [!isText(textEn), `texts.en ${TEXT_RULE}`],
    [textZhHant !== null && !isText(textZhHant), `texts.zh-Hant ${TEXT_RULE}`],
    [audience !== null && !isAudience(audience), `audience must have 1 to ${MAX_AUDIENCE_CHARACTERS} characters`],
    [
      audience !== null && !into.includes('access_token'),
      'audience needs access_token in into: ID tokens and userinfo are for the client alone',
    ],
  ];
  const ofClaims = claims.flatMap((claim, index) => {
    const problem = claimNameProblem(claim);
    return problem === undefined ? [] : [`claims entry ${index + 1} ${problem}`];
  });
  return [...rules.flatMap(([broken, problem]) => (broken ? [problem] : [])), ...ofClaims];
}

const TEXT_RULE = `must be one line of 1 to ${MAX_SCOPE_TEXT_CHARACTERS} characters, not all of them white space`;

const isText = (text: string): boolean =>
  text.trim() !== '' && [...text].length <= MAX_SCOPE_TEXT_CHARACTERS && !/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/u.test(text);

const isAudience = (audience: string): boolean => audience !== '' && audience.length <= MAX_AUDIENCE_CHARACTERS;
