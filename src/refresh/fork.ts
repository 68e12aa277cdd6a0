/**
 * Where a family forked: a superseded token was presented again, so two parties hold tokens of it. Compares both branches with what
 * came before them. This is advice for an operator; no request is decided by it.
 */

/** An event of a family that presented a token of it. */
export interface FamilyStep {
  readonly event: string;
  readonly reason?: string | undefined;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** Of the family after the event. */
  readonly generation: number;
  /** Of the presented token, where the event did not supersede it. */
  readonly presented?: number | undefined;
  readonly source?: string | undefined;
  readonly agent?: string | undefined;
}

export const forkSuspects = ['replay', 'successor', 'none', 'unknown'] as const;

/**
 * `replay`: the party that presented the superseded token looks like the thief; `successor`: the one that had superseded it does;
 * `none`: both look like the same client, which retried late or lost its token; `unknown`: the events do not tell.
 */
export type ForkSuspect = (typeof forkSuspects)[number];

export interface Fork {
  readonly suspect: ForkSuspect;
  /** The generation that was presented a second time. */
  readonly generation: number;
  readonly supersededAt: number | undefined;
  readonly replayedAt: number;
  readonly evidence: readonly string[];
}

type Origin = Pick<FamilyStep, 'source' | 'agent'>;

/** @param steps oldest first @returns the last fork; undefined if no superseded token was presented outside its grace period */
export function forkIn(steps: readonly FamilyStep[]): Fork | undefined {
  const reuse = steps.findLastIndex(({ event, presented }) => event === 'refresh.reused' && presented !== undefined);
  const index = reuse === -1 ? steps.findLastIndex(isReplay) : reuse;
  const replay = steps[index];
  if (replay?.presented === undefined) return undefined;
  const { presented } = replay;
  const past = steps.slice(0, index);
  const successor = past.find(
    (step) => isUse(step) && step.presented === undefined && step.generation === presented + 1,
  );
  const before = past.filter((step) => isUse(step) && step.generation <= presented && isKnown(step));
  const [replayed, superseded] = [likeness(replay, before), successor && likeness(successor, before)];
  return {
    suspect: suspectOf(replay, successor, replayed, superseded),
    generation: presented,
    supersededAt: successor?.at,
    replayedAt: replay.at,
    evidence: [
      ...(successor ? [`The successor was taken ${describe(successor)}: ${inWords(superseded)}.`] : []),
      `The superseded token came again ${describe(replay)}: ${inWords(replayed)}.`,
      ...timing(replay, successor, past),
    ],
  };
}

const isReplay = ({ event, reason, generation, presented }: FamilyStep): boolean =>
  (event === 'refresh.reused' || reason === 'stale') && presented !== undefined && presented < generation;

/** A token was presented and accepted; a code is issued to a browser, and redeemed by the client. */
const isUse = ({ event }: FamilyStep): boolean => /^(code\.redeemed|refresh\.(rotated|renewed|retried))$/.test(event);

const isKnown = ({ source, agent }: Origin): boolean => source !== undefined || agent !== undefined;

/** How an event compares with those before the fork: the address and the agent, each known from before or new. */
interface Likeness {
  readonly source: boolean | undefined;
  readonly agent: boolean | undefined;
}

function likeness({ source, agent }: Origin, before: readonly Origin[]): Likeness {
  const among = (value: string | undefined, known: (string | undefined)[]) =>
    value === undefined || known.length === 0 ? undefined : known.includes(value);
  return {
    source: among(
      source,
      before.map((step) => step.source),
    ),
    agent: among(
      agent,
      before.map((step) => step.agent),
    ),
  };
}

/** A new user agent weighs more than a new address, which every change of network brings. */
const strangeness = ({ source, agent }: Likeness): number => (agent === false ? 2 : 0) + (source === false ? 1 : 0);

function suspectOf(
  replay: Origin,
  successor: Origin | undefined,
  replayed: Likeness,
  superseded: Likeness | undefined,
): ForkSuspect {
  if (!successor || !superseded || !isKnown(replay) || !isKnown(successor)) return 'unknown';
  if (replay.source === successor.source && replay.agent === successor.agent) return 'none';
  const difference = strangeness(replayed) - strangeness(superseded);
  if (difference === 0) return 'unknown';
  return difference > 0 ? 'replay' : 'successor';
}

const describe = ({ source = 'an unknown address', agent = 'an unknown agent' }: Origin): string =>
  `from ${source} by ${agent}`;

function inWords(found: Likeness | undefined): string {
  if (!found || (found.source === undefined && found.agent === undefined)) return 'there is nothing to compare with';
  const word = (isOld: boolean | undefined) => (isOld === undefined ? 'unknown' : isOld ? 'as before' : 'new');
  return `address ${word(found.source)}, agent ${word(found.agent)}`;
}

function timing(replay: FamilyStep, successor: FamilyStep | undefined, past: readonly FamilyStep[]): string[] {
  if (!successor) return [];
  const uses = past.filter((step) => isUse(step) && step.generation > successor.generation).length;
  return [
    `${(replay.at - successor.at) / 1000} s lie between the two.`,
    uses === 0
      ? 'The successor was not used in between, as after a lost response.'
      : `The successor branch had gone on in between: ${uses} more rotations.`,
  ];
}
