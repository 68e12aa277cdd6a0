/** What the claims of the upstream provider say of a user's groups and attributes. They are unchecked input. */
import { attributeProblems, groupProblems } from './user-attributes.js';

/** A group list or an attribute here, and the claim there: a name, or a path like `realm_access.roles`. */
export type ClaimSource = readonly [target: string, source: string];

export interface UpstreamAttributes {
  /** Undefined: the provider does not decide. */
  readonly groups: string[] | undefined;
  /** Null for what the provider does not say (any more). */
  readonly attributes: Readonly<Record<string, unknown>>;
}

/** What breaks a rule counts as not said: a part of a list would be a wrong answer. */
export function upstreamAttributes(
  claims: Readonly<Record<string, unknown>>,
  sources: readonly ClaimSource[],
): UpstreamAttributes {
  const ofGroups = sources.find(([target]) => target === 'groups');
  const found = sources
    .filter(([target]) => target !== 'groups')
    .map(([target, source]) => [target, soundAttribute(target, valueAt(claims, source))] as const);
  const attributes = Object.fromEntries(found);
  const given = Object.fromEntries(found.filter(([, value]) => value !== null));
  const areSound = attributeProblems(given).length === 0;
  return {
    groups: ofGroups && soundGroups(valueAt(claims, ofGroups[1])),
    attributes: areSound ? attributes : Object.fromEntries(found.map(([target]) => [target, null])),
  };
}

function soundGroups(value: unknown): string[] {
  const groups: unknown[] = [...new Set(listOf(value))];
  return groupProblems(groups).length === 0 ? (groups as string[]) : [];
}

function soundAttribute(target: string, value: unknown): unknown {
  const given = target === 'roles' && value !== undefined ? listOf(value) : value;
  return given === undefined || attributeProblems({ [target]: given }).length > 0 ? null : given;
}

/** One name stands for a list of one. */
function listOf(value: unknown): unknown[] {
  if (value === undefined || value === null) return [];
  return Array.isArray(value) ? (value as unknown[]) : [value];
}

/** A claim may have dots in its name, as URIs do. */
function valueAt(claims: unknown, source: string): unknown {
  if (typeof claims !== 'object' || claims === null) return undefined;
  if (Object.hasOwn(claims, source)) return (claims as Record<string, unknown>)[source];
  const dot = source.indexOf('.');
  const head = source.slice(0, dot);
  if (dot === -1 || !Object.hasOwn(claims, head)) return undefined;
  return valueAt((claims as Record<string, unknown>)[head], source.slice(dot + 1));
}
