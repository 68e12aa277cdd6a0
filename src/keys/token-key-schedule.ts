/**
 * The life of a token key: every replica loads it, then it mints until a newer one does, then it verifies until the last
 * family with a token that it minted has expired. Deleting a key too early logs users out, so it is deleted late.
 *
 * Pure rules. All times are milliseconds since the epoch.
 */

/** How long a new key waits before it mints: every replica reloads its keys several times meanwhile. */
export const KNOWN_AHEAD_MS = 60_000;

/** The upper limit of a family's lifetime. */
export const LONGEST_FAMILY_TTL_SECONDS = 10 * 366 * 86_400;

/** For clock differences, and for replicas that still mint with the old key. */
const LEEWAY_MS = 3_600_000;

/** The id is one byte. */
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

/** The key that mints: the newest active one; the oldest if this clock is behind the one that created it. */
export function mintingKeyOf<Key extends TokenKeyLife>(keys: readonly Key[], now: number): Key | undefined {
  const ordered = newestFirst(keys);
  return ordered.find((key) => key.activeFrom <= now) ?? ordered.at(-1);
}

/** The steps that are due. Run it often; it is idempotent. */
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
  // All ids taken: then the key mints for longer. Reusing an id would log users out.
  return free === undefined ? [] : [{ step: 'create', id: free, activeFrom: now + KNOWN_AHEAD_MS }];
}

/** The configured interval, but never so short that the ids run out before the first one is free again. */
const paceMs = ({ rotationMs, longestFamilyTtlMs }: TokenKeyPolicy): number =>
  Math.max(rotationMs, longestFamilyTtlMs / (IDS - 6));

const newestFirst = <Key extends TokenKeyLife>(keys: readonly Key[]): Key[] =>
  [...keys].sort((a, b) => b.activeFrom - a.activeFrom || b.id - a.id);
