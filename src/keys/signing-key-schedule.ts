/**
 * The life of a signing key, told by three times: it is published when it is created, signs from `activeFrom` until a newer
 * key does, and stays published until the last token it signed is gone. A key that leaked is retired: gone at once. A key is
 * kept of each algorithm that is in use, and each algorithm goes by its own schedule.
 *
 * Rules only: the keys and the time go in, what must happen comes out. All times are milliseconds since the epoch.
 */
import { keptAlgorithms, type SigningAlgorithm } from './signing-algorithm.js';

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
  /** Those that a key is kept of, the access tokens' first. Keys of others may be left from before the setting was changed. */
  readonly algorithms: readonly [SigningAlgorithm, ...SigningAlgorithm[]];
  readonly rotationMs: number;
}

export const signingPolicy = (config: {
  signingAlgorithm: SigningAlgorithm;
  keyRotationDays: number;
}): SigningPolicy => ({
  algorithms: keptAlgorithms(config.signingAlgorithm),
  rotationMs: config.keyRotationDays * DAY_MS,
});

export type SigningKeyStep =
  | { readonly step: 'create'; readonly algorithm: SigningAlgorithm; readonly activeFrom: number }
  | {
      readonly step: 'activate';
      readonly algorithm: SigningAlgorithm;
      readonly kid: string;
      readonly activeFrom: number;
    }
  | { readonly step: 'retire'; readonly kid: string; readonly retiredAt: number }
  | { readonly step: 'delete'; readonly kid: string };

type Keys = readonly SigningKeyLife[];

/**
 * The key that signs access tokens: the newest active one of their algorithm. While that has none yet, the one that signed
 * them before the setting was changed, for resource servers expect its algorithm; failing that, any. By a clock that is
 * behind the one that made the first keys, the one that is to be the first.
 */
export function accessTokenKeyOf<Key extends SigningKeyLife>(
  keys: readonly Key[],
  policy: SigningPolicy,
  now: number,
): Key | undefined {
  const active = keys.filter((key) => isActive(key, now));
  const own = newest(active.filter((key) => key.algorithm === policy.algorithms[0]));
  const left = newest(active.filter((key) => isLeftToSign(key, keys, policy, now)));
  return own ?? left ?? newest(active) ?? keyOfAlgorithm(keys, policy.algorithms[0], now);
}

/** Of an algorithm that is no longer kept, and no other has taken its place: it will verify for as long as a token may live. */
const isLeftToSign = (key: SigningKeyLife, keys: Keys, policy: SigningPolicy, now: number): boolean =>
  !policy.algorithms.includes(key.algorithm) && now < verifiesUntil(key, keys, policy) - LAST_TOKEN_MS;

/**
 * The key that signs where one algorithm is asked for. One that has no active key yet, because it is new here, signs with its
 * next key: nobody holds a token of that algorithm, whoever fetches the keys now finds it, and no other algorithm would do.
 */
export function keyOfAlgorithm<Key extends SigningKeyLife>(
  keys: readonly Key[],
  algorithm: SigningAlgorithm,
  now: number,
): Key | undefined {
  const own = keys.filter((key) => key.retiredAt === null && key.algorithm === algorithm);
  return newest(own.filter((key) => isActive(key, now))) ?? newest(own);
}

/** Every key that signs something now. */
export const signersOf = <Key extends SigningKeyLife>(
  keys: readonly Key[],
  policy: SigningPolicy,
  now: number,
): (Key | undefined)[] => [
  accessTokenKeyOf(keys, policy, now),
  ...policy.algorithms.map((algorithm) => keyOfAlgorithm(keys, algorithm, now)),
];

/**
 * Until when a key is published and verifies; Infinity while nothing has taken its place. The last key of an algorithm that is
 * no longer kept gives way to one of another algorithm that is younger by a whole rotation: by then, a replica that is still
 * configured for the old algorithm would have made it a successor.
 */
export function verifiesUntil(key: SigningKeyLife, keys: Keys, { algorithms, rotationMs }: SigningPolicy): number {
  if (key.retiredAt !== null) return key.retiredAt;
  const unretired = keys.filter(({ retiredAt }) => retiredAt === null);
  const own = keys.filter(({ algorithm }) => algorithm === key.algorithm);
  const successors = unretired.filter((other) => own.includes(other) && isNewer(other, key));
  const isLeft = successors.length === 0 && !algorithms.includes(key.algorithm);
  // Where a successor was retired, the key may have signed again since.
  const outlived = (newest(own) ?? key).activeFrom + rotationMs;
  const heirs = isLeft ? unretired.filter(({ activeFrom }) => activeFrom >= outlived) : successors;
  return Math.min(...heirs.map(({ activeFrom }) => activeFrom)) + LAST_TOKEN_MS;
}

/** What is due, if anything. To be run often; doing it twice does it once. */
export function dueSteps(keys: Keys, policy: SigningPolicy, now: number): SigningKeyStep[] {
  const usable = live(keys, policy, now);
  const creations = policy.algorithms.flatMap((algorithm) => creation(algorithm, usable, policy, now));
  const over = keys.filter((key) => now >= deletableFrom(key, keys, policy));
  return [...creations, ...over.map(({ kid }) => ({ step: 'delete', kid }) as const)];
}

/**
 * Rotation ahead of the schedule. Nothing to do where a next key is published already, unless it is to sign at once.
 * @param rotated some of the algorithms that a key is kept of
 */
export function rotationSteps(
  keys: Keys,
  policy: SigningPolicy,
  now: number,
  { immediately, rotated }: { immediately: boolean; rotated: readonly SigningAlgorithm[] },
): SigningKeyStep[] {
  const usable = live(keys, policy, now);
  return rotated.flatMap((algorithm): SigningKeyStep[] => {
    const own = usable.filter((key) => key.algorithm === algorithm);
    if (immediately) return [activation(algorithm, own, now)];
    if (own.some((key) => !isActive(key, now))) return [];
    return [{ step: 'create', algorithm, activeFrom: now + PUBLISH_AHEAD_MS }];
  });
}

/** Takes a leaked key out of use, and puts another of its algorithm in its place where it was the one that signed. */
export function retirementSteps(keys: Keys, kid: string, policy: SigningPolicy, now: number): SigningKeyStep[] {
  const leaked = keys.find((key) => key.kid === kid && key.retiredAt === null);
  if (!leaked) return [];
  const usable = live(
    keys.filter((key) => key !== leaked),
    policy,
    now,
  );
  const replacements = policy.algorithms.flatMap((algorithm) => {
    const own = usable.filter((key) => key.algorithm === algorithm);
    const isMissed = algorithm === leaked.algorithm && !own.some((key) => isActive(key, now));
    return isMissed ? [activation(algorithm, own, now)] : creation(algorithm, usable, policy, now);
  });
  return [{ step: 'retire', kid, retiredAt: now }, ...replacements];
}

/** The first keys of all sign at once; those of an algorithm that comes later are published ahead, as all others are. */
function creation(
  algorithm: SigningAlgorithm,
  usable: Keys,
  { rotationMs }: SigningPolicy,
  now: number,
): SigningKeyStep[] {
  const own = usable.filter((key) => key.algorithm === algorithm);
  if (!usable.some((key) => isActive(key, now))) return [activation(algorithm, own, now)];
  if (own.some((key) => !isActive(key, now))) return [];
  const current = newest(own);
  const isDue = !current || now >= current.activeFrom + rotationMs - PUBLISH_AHEAD_MS;
  return isDue ? [{ step: 'create', algorithm, activeFrom: now + PUBLISH_AHEAD_MS }] : [];
}

/**
 * A key that signs now: the published one, which verifiers may know already, rather than one they cannot know.
 * @param own the usable keys of the algorithm
 */
function activation(algorithm: SigningAlgorithm, own: Keys, now: number): SigningKeyStep {
  const next = newest(own.filter((key) => !isActive(key, now)));
  // Where another replica's clock is ahead, now may lie before the key that is to be followed.
  const current = newest(own.filter((key) => key !== next));
  const activeFrom = Math.max(now, (current?.activeFrom ?? 0) + 1);
  return next ? { step: 'activate', algorithm, kid: next.kid, activeFrom } : { step: 'create', algorithm, activeFrom };
}

const isActive = (key: SigningKeyLife, now: number): boolean => key.retiredAt === null && key.activeFrom <= now;

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
