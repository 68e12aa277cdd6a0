/** How well a client refreshes: what its counts say. */
import type { TokenFamily } from '../families/token-family.js';
import { supersededAt } from './rotation.js';

export interface HealthCount {
  readonly outcome: string;
  /** One of `DELAYS`; `NO_DELAY` where the token was not superseded by its successor alone. */
  readonly delaySeconds: number;
  readonly count: number;
}

export interface HealthPoint extends HealthCount {
  /** Milliseconds since the epoch: the start of the step. */
  readonly at: number;
}

/** Upper bounds of the delays that are told apart, in seconds; the last one has no bound. */
export const DELAYS = [
  1,
  2,
  5,
  10,
  20,
  30,
  60,
  90,
  120,
  180,
  240,
  300,
  420,
  600,
  1800,
  3600,
  21_600,
  86_400,
  2 ** 31 - 1,
];

export const NO_DELAY = -1;

export const delayBound = (ms: number): number => DELAYS.find((seconds) => ms <= seconds * 1000)!;

/** The delay of a token that the current one has replaced; of an older one, a longer grace period would not have helped. */
export function delayOf(family: TokenFamily, presented: number, arrivedAt: number): number {
  const at = presented === family.generation - 1 ? supersededAt(family, presented) : undefined;
  return at === undefined ? NO_DELAY : delayBound(Math.max(0, arrivedAt - at));
}

/** The longest grace period that a client may have. */
const LONGEST_WINDOW_SECONDS = 600;

/** Of all presented tokens; the others may be theft, which no grace period should cover. */
const COVERED = 0.999;

const ACCEPTED: readonly string[] = ['rotated', 'renewed', 'retry'];
const LATE: readonly string[] = ['stale', 'reuse'];

export interface Health {
  /** Refreshes that issued new tokens. */
  readonly refreshes: number;
  readonly retries: number;
  readonly stale: number;
  readonly reuse: number;
  /** By reason, without stale and reuse. */
  readonly refused: Readonly<Record<string, number>>;
  /** Of all presented tokens those that came after the grace period. */
  readonly lateShare: number;
  readonly delays: readonly { readonly upToSeconds: number; readonly retries: number; readonly late: number }[];
  /** The shortest grace period that covers 99.9 % of all presented tokens; undefined where the present one does, or none would. */
  readonly suggestedWindowSeconds: number | undefined;
}

export function healthOf(counts: readonly HealthCount[], windowSeconds: number): Health {
  const sum = (matches: (each: HealthCount) => boolean) =>
    counts.filter(matches).reduce((total, { count }) => total + count, 0);
  const of = (...outcomes: string[]) => sum(({ outcome }) => outcomes.includes(outcome));
  const late = of(...LATE);
  const presented = of(...ACCEPTED) + late;
  const reasons = new Set(
    counts.map(({ outcome }) => outcome).filter((each) => ![...ACCEPTED, ...LATE].includes(each)),
  );
  const delays = DELAYS.map((upToSeconds) => ({
    upToSeconds,
    retries: sum(({ outcome, delaySeconds }) => outcome === 'retry' && delaySeconds === upToSeconds),
    late: sum(({ outcome, delaySeconds }) => LATE.includes(outcome) && delaySeconds === upToSeconds),
  }));
  return {
    refreshes: of('rotated', 'renewed'),
    retries: of('retry'),
    stale: of('stale'),
    reuse: of('reuse'),
    refused: Object.fromEntries([...reasons].sort().map((reason) => [reason, of(reason)])),
    lateShare: presented === 0 ? 0 : late / presented,
    delays: delays.filter(({ retries, late: some }) => retries + some > 0),
    suggestedWindowSeconds: suggestion(delays, late, presented, windowSeconds),
  };
}

function suggestion(
  delays: Health['delays'],
  late: number,
  presented: number,
  windowSeconds: number,
): number | undefined {
  const bearable = presented * (1 - COVERED);
  if (late <= bearable) return undefined;
  let covered = 0;
  for (const { upToSeconds, late: some } of delays) {
    if (upToSeconds > LONGEST_WINDOW_SECONDS) return undefined;
    covered += some;
    if (upToSeconds > windowSeconds && late - covered <= bearable) return upToSeconds;
  }
  return undefined;
}
