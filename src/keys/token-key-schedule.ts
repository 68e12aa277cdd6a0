/**
 * The life of a token key: every replica learns of it, then it mints until a newer one does, then it verifies until the last
 * family whose token it minted is gone. Deleting one a day too early logs users out, so there is no hurry about it.
 *
 * Rules only. All times are milliseconds since the epoch.
 */

/** How long a new key is only known before it mints: several reloads of every replica. */
export const KNOWN_AHEAD_MS = 60_000;

/** No family may live longer. */
export const LONGEST_FAMILY_TTL_SECONDS = 10 * 366 * 86_400;

/** For clocks that differ, and for a replica that has not yet heard that it mints with an old key. */
const LEEWAY_MS = 3_600_000;

/** The id is one byte of every token. */
const IDS = 256;

export interface TokenKeyLife {
  readonly id: number;
  readonly activeFrom: number;
}

export interface TokenKeyPolicy {
  readonly rotationMs: number;
  readonly longestFamilyTtlMs: number;
}

export type TokenKeyStep =
  | { readonly step: 'create'; readonly id: number; readonly activeFrom: number }
  | { readonly step: 'delete'; readonly id: number };

/** The key that mints: the newest active one. By a clock that is behind the one that made the first key, that one. */
export function mintingKeyOf<Key extends TokenKeyLife>(keys: readonly Key[], now: number): Key | undefined {
  const ordered = newestFirst(keys);
  return ordered.find((key) => key.activeFrom <= now) ?? ordered.at(-1);
}

/** What is due, if anything. To be run often; doing it twice does it once. */
export function dueTokenKeySteps(keys: readonly TokenKeyLife[], policy: TokenKeyPolicy, now: number): TokenKeyStep[] {
  const ordered = newestFirst(keys);
  const deletions = ordered
    .slice(1)
    .filter((_, index) => now >= ordered[index]!.activeFrom + policy.longestFamilyTtlMs + LEEWAY_MS)
    .map(({ id }) => ({ step: 'delete', id }) as const);
  return [...creation(ordered, policy, now), ...deletions];
}

function creation(ordered: readonly TokenKeyLife[], policy: TokenKeyPolicy, now: number): TokenKeyStep[] {
  const [newest] = ordered;
  if (!newest) return [{ step: 'create', id: 0, activeFrom: now }];
  if (now < newest.activeFrom + paceMs(policy)) return [];
  const taken = new Set(ordered.map(({ id }) => id));
  const free = Array.from({ length: IDS }, (_, id) => id).find((id) => !taken.has(id));
  // Every id taken: an id in use twice would lock users out, a key that mints for longer does not.
  return free === undefined ? [] : [{ step: 'create', id: free, activeFrom: now + KNOWN_AHEAD_MS }];
}

/** As often as asked, but never so often that the ids run out before the first of them comes free. */
const paceMs = ({ rotationMs, longestFamilyTtlMs }: TokenKeyPolicy): number =>
  Math.max(rotationMs, longestFamilyTtlMs / (IDS - 6));

const newestFirst = <Key extends TokenKeyLife>(keys: readonly Key[]): Key[] =>
  [...keys].sort((a, b) => b.activeFrom - a.activeFrom || b.id - a.id);
