/** The valid values of each kind of revocation. */
import { issueTimeOf } from '../issuance/access-token.js';
import { isSubject } from '../oauth/subject.js';
import type { RevocationKind } from '../revocation/revocation.js';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const UUID_V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** The most that the clock of the issuing replica may have been ahead. */
const SKEW_MS = 300_000;

type Rule = [isValid: (value: string, now: number) => boolean, problem: string];

const rules: Record<RevocationKind, Rule> = {
  token: [
    // No token was issued in the future, and such a revocation would hit future tokens.
    (value, now) => UUID_V7.test(value) && issueTimeOf(value) <= now + SKEW_MS,
    'must be the jti of an access token',
  ],
  family: [(value) => UUID.test(value), 'must be the family_id of a family'],
  subject: [isSubject, 'must be a subject of 1 to 255 printable characters'],
  client: [(value) => value !== '', 'must be the id of a client'],
  all: [(value) => value === '', 'must be absent for kind all'],
};

/** @returns why the value is invalid; undefined if it is valid */
export function valueProblem(kind: RevocationKind, value: string, now: number): string | undefined {
  const [isValid, problem] = rules[kind];
  return isValid(value, now) ? undefined : `value ${problem}`;
}

/** Ids are compared as text, and tokens have them in lower case. */
export const normalized = (kind: RevocationKind, value: string): string =>
  kind === 'family' ? value.toLowerCase() : value;
