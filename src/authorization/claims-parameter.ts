/** The `claims` parameter (OpenID Connect Core §5.5): the requested claims, and the two that affect the sign-in (`sub`, `acr`). */
import type { RequestedClaims } from '../oauth/requested-claims.js';

export interface ClaimsParameter {
  readonly requested: RequestedClaims;
  /** The user must have this `sub` (§5.5.1). */
  readonly subject: string | undefined;
  /** The user must have signed in with one of these (§5.5.1.1, essential `acr`); undefined: any. */
  readonly essentialAcr: readonly string[] | undefined;
}

const MAX_CLAIMS = 50;

/** No claim name has control characters, and PostgreSQL cannot store NUL or lone surrogates. */
const NAME = /^[^\p{Cc}\p{Cs}]{1,100}$/u;

/** @returns undefined if the text does not follow §5.5 */
export function parseClaimsParameter(text: string): ClaimsParameter | undefined {
  const root = objectIn(text);
  if (!root) return undefined;
  const [userinfo, idToken] = [membersOf(root['userinfo']), membersOf(root['id_token'])];
  if (!userinfo || !idToken) return undefined;
  return {
    requested: {
      ...(userinfo.size > 0 && { userinfo: [...userinfo.keys()] }),
      ...(idToken.size > 0 && { id_token: [...idToken.keys()] }),
    },
    subject: valuesOf(idToken.get('sub'))?.[0],
    essentialAcr: isEssential(idToken.get('acr')) ? valuesOf(idToken.get('acr')) : undefined,
  };
}

function objectIn(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** §5.5.1: each member is null or an object. A Map, so that `__proto__` is an ordinary name. */
function membersOf(value: unknown): Map<string, unknown> | undefined {
  if (value === undefined || value === null) return new Map();
  if (!isObject(value)) return undefined;
  const members = Object.entries(value);
  const isSound = members.every(([name, how]) => NAME.test(name) && (how === null || isObject(how)));
  return isSound && members.length <= MAX_CLAIMS ? new Map(members) : undefined;
}

const isEssential = (how: unknown): boolean => isObject(how) && how['essential'] === true;

/** The required `value` or `values` of the claim; undefined if there are none. */
function valuesOf(how: unknown): string[] | undefined {
  if (!isObject(how)) return undefined;
  const values = Array.isArray(how['values']) ? (how['values'] as unknown[]) : [how['value']];
  const texts = values.filter((value): value is string => typeof value === 'string');
  return texts.length > 0 ? texts : undefined;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
