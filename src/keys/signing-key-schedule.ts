/**
 * The life of a signing key, told by three times: it is published when it is created, signs from `activeFrom` until a newer
 * key does, and stays published until the last token it signed is gone. A key that leaked is retired: gone at once.
 *
 * Rules only: the keys and the time go in, what must happen comes out. All times are milliseconds since the epoch.
 */
import type { SigningAlgorithm } from './signing-algorithm.js';

/** How long a new key is published before it signs: longer than anybody caches the JWKS (`JWKS_MAX_AGE_SECONDS`). */
export const PUBLISH_AHEAD_MS = 3_600_000;

/** No client may be given access tokens that live longer. */
export const LONGEST_ACCESS_TOKEN_TTL_SECONDS = 86_400;

/** For clocks that differ, and for a replica that has not yet heard that it signs with an old key. */
const LEEWAY_MS = 300_000;

const DAY_MS = 86_400_000;

const LAST_TOKEN_MS = LONGEST_ACCESS_TOKEN_TTL_SECONDS * 1000 + LEEWAY_MS;

export interface SigningKeyLife {
  readonly kid: string;
  readonly algorithm: SigningAlgorithm;
  readonly activeFrom: number;
  readonly retiredAt: number | null;
}

export interface SigningPolicy {
  /** What to sign with from now on; keys of other algorithms may be left from before. */
  readonly algorithm: SigningAlgorithm;
  readonly rotationMs: number;
}

export const signingPolicy = (config: {
  signingAlgorithm: SigningAlgorithm;
  keyRotationDays: number;
}): SigningPolicy => ({
  algorithm: config.signingAlgorithm,
  rotationMs: config.keyRotationDays * DAY_MS,
});

export type SigningKeyStep =
  | { readonly step: 'create'; readonly algorithm: SigningAlgorithm; readonly activeFrom: number }
  | { readonly step: 'activate'; readonly kid: string; readonly activeFrom: number }
  | { readonly step: 'retire'; readonly kid: string; readonly retiredAt: number }
  | { readonly step: 'delete'; readonly kid: string };

type Keys = readonly SigningKeyLife[];

/** The key that signs: the newest active one of the algorithm; while that algorithm has none yet, the newest of any. */
export function signingKeyOf<Key extends SigningKeyLife>(
  keys: readonly Key[],
  algorithm: SigningAlgorithm,
  now: number,
) {
  const active = keys.filter((key) => key.retiredAt === null && key.activeFrom <= now);
  return newest(active.filter((key) => key.algorithm === algorithm)) ?? newest(active);
}

/**
 * Until when a key is published and verifies; Infinity while nothing has taken its place. A key of another algorithm takes
 * its place only once it has outlived a rotation: until then, a replica that is still configured for the old one would
 * have made itself a successor.
 */
export function verifiesUntil(key: SigningKeyLife, keys: Keys, { rotationMs }: SigningPolicy): number {
  if (key.retiredAt !== null) return key.retiredAt;
  const ends = keys
    .filter((other) => other.retiredAt === null && isNewer(other, key))
    .map((newer) => newer.activeFrom + (newer.algorithm === key.algorithm ? 0 : rotationMs));
  return Math.min(...ends) + LAST_TOKEN_MS;
}

/** What is due, if anything. To be run often; doing it twice does it once. */
export function dueSteps(keys: Keys, policy: SigningPolicy, now: number): SigningKeyStep[] {
  const over = keys.filter((key) => now >= deletableFrom(key, keys, policy));
  const deletions = over.map(({ kid }) => ({ step: 'delete', kid }) as const);
  return [...creation(live(keys, policy, now), policy, now), ...deletions];
}

/** Rotation ahead of the schedule. Nothing to do when a next key is published already, unless it is to sign at once. */
export function rotationSteps(keys: Keys, policy: SigningPolicy, now: number, immediately: boolean): SigningKeyStep[] {
  const usable = live(keys, policy, now).filter((key) => key.algorithm === policy.algorithm);
  const next = newest(usable.filter((key) => key.activeFrom > now));
  if (immediately) return [activation(next, usable, policy, now)];
  return next ? [] : [{ step: 'create', algorithm: policy.algorithm, activeFrom: now + PUBLISH_AHEAD_MS }];
}

/** Takes a leaked key out of use, and puts another in its place where it was the one that signed. */
export function retirementSteps(keys: Keys, kid: string, policy: SigningPolicy, now: number): SigningKeyStep[] {
  if (!keys.some((key) => key.kid === kid && key.retiredAt === null)) return [];
  const left = keys.filter((key) => key.kid !== kid);
  return [{ step: 'retire', kid, retiredAt: now }, ...creation(live(left, policy, now), policy, now)];
}

function creation(usable: Keys, policy: SigningPolicy, now: number): SigningKeyStep[] {
  const { algorithm, rotationMs } = policy;
  const own = usable.filter((key) => key.algorithm === algorithm);
  if (!usable.some((key) => key.activeFrom <= now)) return [activation(newest(own), own, policy, now)];
  if (own.some((key) => key.activeFrom > now)) return [];
  const current = newest(own);
  const isDue = !current || now >= current.activeFrom + rotationMs - PUBLISH_AHEAD_MS;
  return isDue ? [{ step: 'create', algorithm, activeFrom: now + PUBLISH_AHEAD_MS }] : [];
}

/** A key that signs now: the published one, which verifiers may know already, rather than one they cannot know. */
function activation(
  next: SigningKeyLife | undefined,
  usable: Keys,
  { algorithm }: SigningPolicy,
  now: number,
): SigningKeyStep {
  // Where another replica's clock is ahead, now may lie before the key that is to be followed.
  const current = newest(usable.filter((key) => key !== next));
  const activeFrom = Math.max(now, (current?.activeFrom ?? 0) + 1);
  return next ? { step: 'activate', kid: next.kid, activeFrom } : { step: 'create', algorithm, activeFrom };
}

const live = (keys: Keys, policy: SigningPolicy, now: number): SigningKeyLife[] =>
  keys.filter((key) => now < verifiesUntil(key, keys, policy));

/** A retired key's row stays as long as tokens that it signed may turn up, for whoever asks what became of them. */
const deletableFrom = (key: SigningKeyLife, keys: Keys, policy: SigningPolicy): number =>
  verifiesUntil(key, keys, policy) + (key.retiredAt === null ? 0 : LAST_TOKEN_MS);

const newest = <Key extends SigningKeyLife>(keys: readonly Key[]): Key | undefined =>
  keys.reduce<Key | undefined>((best, key) => (best && isNewer(best, key) ? best : key), undefined);

/** By kid where the times are equal, so that all replicas choose alike. */
const isNewer = (one: SigningKeyLife, other: SigningKeyLife): boolean =>
  one.activeFrom === other.activeFrom ? one.kid > other.kid : one.activeFrom > other.activeFrom;
