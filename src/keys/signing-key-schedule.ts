/**
 * The life of a signing key: it is published when it is created, signs from `activeFrom` until a newer key does, and stays
 * published until the last token that it signed expires. A leaked key is retired at once. Each algorithm in use has its own
 * keys and its own schedule.
 *
 * Pure rules: from the keys and the time to the steps that are due. All times are milliseconds since the epoch.
 */
import { keptAlgorithms, type SigningAlgorithm } from './signing-algorithm.js';

/** How long a new key is published before it signs: longer than the JWKS may be cached (`JWKS_MAX_AGE_SECONDS`). */
export const PUBLISH_AHEAD_MS = 3_600_000;

/** The upper limit of a client's access token lifetime. */
export const LONGEST_ACCESS_TOKEN_TTL_SECONDS = 86_400;

/** For clock differences, and for replicas that still sign with the old key. */
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
  /** The algorithms in use, the one for access tokens first. Keys of other algorithms may remain after a change of the setting. */
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
 * The key that signs access tokens: the newest active one of their algorithm. Without one, the key that signed them before
 * the setting changed, because resource servers expect its algorithm; else any active key; else, if this clock is behind the
 * one that created the first keys, the newest of those.
 * @param keys all of them, retired and expired ones too: those decide how long the others verify
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

/** Whether a key of an algorithm no longer in use may still sign: it verifies for at least a token's lifetime from now. */
const isLeftToSign = (key: SigningKeyLife, keys: Keys, policy: SigningPolicy, now: number): boolean =>
  !policy.algorithms.includes(key.algorithm) && now < verifiesUntil(key, keys, policy) - LAST_TOKEN_MS;

/**
 * The key that signs with a given algorithm. A new algorithm without an active key signs with its next key: verifiers have no
 * tokens of that algorithm yet, they find the key in the JWKS now, and no other algorithm is acceptable.
 */
export function keyOfAlgorithm<Key extends SigningKeyLife>(
  keys: readonly Key[],
  algorithm: SigningAlgorithm,
  now: number,
): Key | undefined {
  const own = keys.filter((key) => key.retiredAt === null && key.algorithm === algorithm);
  return newest(own.filter((key) => isActive(key, now))) ?? newest(own);
}

/** All keys that sign now. */
export const signersOf = <Key extends SigningKeyLife>(
  keys: readonly Key[],
  policy: SigningPolicy,
  now: number,
): (Key | undefined)[] => [
  accessTokenKeyOf(keys, policy, now),
  ...policy.algorithms.map((algorithm) => keyOfAlgorithm(keys, algorithm, now)),
];

/**
 * Until when a key is published and verifies; Infinity while it has no successor. The last key of an algorithm no longer in
 * use is succeeded by a key of another algorithm that is younger by a whole rotation: by then, a replica still configured for
 * the old algorithm would have created a successor.
 */
export function verifiesUntil(key: SigningKeyLife, keys: Keys, { algorithms, rotationMs }: SigningPolicy): number {
  if (key.retiredAt !== null) return key.retiredAt;
  const unretired = keys.filter(({ retiredAt }) => retiredAt === null);
  const own = keys.filter(({ algorithm }) => algorithm === key.algorithm);
  const successors = unretired.filter((other) => own.includes(other) && isNewer(other, key));
  const isLeft = successors.length === 0 && !algorithms.includes(key.algorithm);
  // If a successor was retired, this key may have signed again since.
  const outlived = (newest(own) ?? key).activeFrom + rotationMs;
  const heirs = isLeft ? unretired.filter(({ activeFrom }) => activeFrom >= outlived) : successors;
  return Math.min(...heirs.map(({ activeFrom }) => activeFrom)) + LAST_TOKEN_MS;
}

/** The steps that are due. Run it often; it is idempotent. */
export function dueSteps(keys: Keys, policy: SigningPolicy, now: number): SigningKeyStep[] {
  const usable = live(keys, policy, now);
  const creations = policy.algorithms.flatMap((algorithm) => creation(algorithm, usable, policy, now));
  const over = keys.filter((key) => now >= deletableFrom(key, keys, policy));
  return [...creations, ...over.map(({ kid }) => ({ step: 'delete', kid }) as const)];
}

/**
 * Rotation ahead of schedule. No steps if the next key is published already, unless it must sign immediately.
 * @param rotated the algorithms to rotate
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

/** Retires a leaked key, and replaces it with another one of its algorithm if it was the one that signed. */
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

/** The very first keys sign at once; all later ones are published ahead, also those of a new algorithm. */
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
 * Makes a key sign now: the next one if it is published, because verifiers may have it already; otherwise a new one.
 * @param own the usable keys of the algorithm
 */
function activation(algorithm: SigningAlgorithm, own: Keys, now: number): SigningKeyStep {
  const next = newest(own.filter((key) => !isActive(key, now)));
  // If another replica's clock is ahead, `now` may be before the current key's `activeFrom`.
  const current = newest(own.filter((key) => key !== next));
  const activeFrom = Math.max(now, (current?.activeFrom ?? 0) + 1);
  return next ? { step: 'activate', algorithm, kid: next.kid, activeFrom } : { step: 'create', algorithm, activeFrom };
}

const isActive = (key: SigningKeyLife, now: number): boolean => key.retiredAt === null && key.activeFrom <= now;

const live = (keys: Keys, policy: SigningPolicy, now: number): SigningKeyLife[] =>
  keys.filter((key) => now < verifiesUntil(key, keys, policy));

/** A retired key's row stays in the inventory while unexpired tokens that it signed may exist. */
const deletableFrom = (key: SigningKeyLife, keys: Keys, policy: SigningPolicy): number =>
  verifiesUntil(key, keys, policy) + (key.retiredAt === null ? 0 : LAST_TOKEN_MS);

const newest = <Key extends SigningKeyLife>(keys: readonly Key[]): Key | undefined =>
  keys.reduce<Key | undefined>((best, key) => (best && isNewer(best, key) ? best : key), undefined);

/** Equal times are ordered by kid, so that all replicas choose the same key. */
const isNewer = (one: SigningKeyLife, other: SigningKeyLife): boolean =>
  one.activeFrom === other.activeFrom ? one.kid > other.kid : one.activeFrom > other.activeFrom;
