/**
 * Groups and attributes of a user: claims beside the standard ones, for clients and APIs. They are bounded, because they go
 * into tokens and answers.
 */
import { claimNameProblem } from '../oauth/claim-name.js';
import { isStandardClaim } from '../oauth/standard-claims.js';
import { isLine } from './claim-values.js';

/** JSON values by the name of their claim. */
export type Attributes = Readonly<Record<string, string | number | boolean | object>>;

export const MAX_GROUPS = 500;
const MAX_GROUP_CHARACTERS = 256;
const MAX_ATTRIBUTES = 50;
/** As JSON, for the groups and for the attributes each. */
const MAX_BYTES = 8192;

/** The groups are stored apart. This attribute is a list with the same rules. */
const GROUPS = 'groups';
const ROLES = 'roles';

const isGroup = (value: unknown): value is string =>
  typeof value === 'string' && isLine(value, MAX_GROUP_CHARACTERS) && value.trim() === value;

const GROUP_RULE = `must be one line of 1 to ${MAX_GROUP_CHARACTERS} characters each, without white space at the ends`;

/** @returns all problems, each beginning with the name of its field */
export function groupProblems(groups: readonly unknown[], field: string = GROUPS): string[] {
  const rules: [broken: boolean, problem: string][] = [
    [groups.length > MAX_GROUPS, `may hold ${MAX_GROUPS} at most`],
    [new Set(groups).size < groups.length, 'must not hold the same twice'],
    [!groups.every(isGroup), GROUP_RULE],
    [bytesOf(groups) > MAX_BYTES, `must have ${MAX_BYTES} bytes at most, as JSON`],
  ];
  return rules.flatMap(([broken, problem]) => (broken ? [`${field} ${problem}`] : []));
}

/** @returns all problems, each beginning with the name of its field */
export function attributeProblems(attributes: Readonly<Record<string, unknown>>): string[] {
  const members = Object.entries(attributes);
  const problems = members.flatMap(([name, value]) => memberProblems(name, value));
  return [
    ...problems,
    ...(members.length > MAX_ATTRIBUTES ? [`attributes may hold ${MAX_ATTRIBUTES} at most`] : []),
    ...(bytesOf(attributes) > MAX_BYTES ? [`attributes must have ${MAX_BYTES} bytes at most, as JSON`] : []),
  ];
}

function memberProblems(name: string, value: unknown): string[] {
  const problem = claimNameProblem(name) ?? (isStandardClaim(name) || name === GROUPS ? elsewhere(name) : undefined);
  if (problem !== undefined) return [`attributes ${problem}`];
  if (name === ROLES) {
    return Array.isArray(value) ? groupProblems(value, 'attributes.roles') : ['attributes.roles must be a list'];
  }
  return isStorable(value) ? [] : [`attributes.${name} must be JSON without NUL and half characters`];
}

const elsewhere = (name: string): string =>
  name === GROUPS ? 'must not hold groups, which are a list of their own' : `must not hold ${name}, which is in claims`;

/** PostgreSQL stores neither NUL nor lone surrogates; JSON has no infinite numbers, and null stands for no attribute. */
function isStorable(value: unknown): boolean {
  if (typeof value === 'string') return !/[\0\p{Cs}]/u.test(value);
  if (typeof value === 'number') return Number.isFinite(value);
  if (Array.isArray(value)) return value.every((member) => member === null || isStorable(member));
  if (typeof value !== 'object' || value === null) return typeof value === 'boolean';
  return Object.entries(value).every(([name, member]) => isStorable(name) && (member === null || isStorable(member)));
}

const bytesOf = (value: unknown): number => Buffer.byteLength(JSON.stringify(value));
