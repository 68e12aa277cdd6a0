/**
 * Explains the verdict on a refresh token to an operator: which rule refused it, and what would have helped. It only words what
 * `rotation.ts` has decided, or what the audit log has recorded of a decision.
 */
import type { TokenFamily } from '../families/token-family.js';
import { supersededAt, type EndReason, type Verdict } from './rotation.js';

/** The rules in the order in which they are applied. */
export const refreshRules = [
  'issued_here',
  'family_known',
  'client_matches',
  'family_active',
  'generation',
  'scope',
  'resource',
] as const;

export type RefreshRule = (typeof refreshRules)[number];

export const refreshDecisions = [
  'rotatable',
  'retry',
  'malformed',
  'unknown',
  'client_mismatch',
  'ended',
  'stale',
  'reuse',
  'scope_exceeded',
  'wrong_target',
] as const satisfies readonly (Verdict['verdict'] | 'malformed')[];

export type RefreshDecision = (typeof refreshDecisions)[number];

/** What is known of a presented token; times are milliseconds since the epoch. */
export interface Facts {
  readonly verdict: RefreshDecision;
  readonly endReason?: EndReason | undefined;
  readonly presentedGeneration?: number | undefined;
  readonly currentGeneration?: number | undefined;
  readonly supersededAt?: number | undefined;
  readonly presentedAt: number;
  readonly retryWindowMs?: number | undefined;
}

export interface Explanation {
  readonly summary: string;
  readonly steps: readonly { readonly rule: RefreshRule; readonly outcome: 'passed' | 'failed' | 'not_reached' }[];
  readonly refusedBy: RefreshRule | undefined;
  readonly help: readonly string[];
}

const refusedBy: Record<RefreshDecision, RefreshRule | undefined> = {
  rotatable: undefined,
  retry: undefined,
  malformed: 'issued_here',
  unknown: 'family_known',
  client_mismatch: 'client_matches',
  ended: 'family_active',
  stale: 'generation',
  reuse: 'generation',
  scope_exceeded: 'scope',
  wrong_target: 'resource',
};

const endReasons: readonly string[] = [
  'revoked',
  'idle_expired',
  'expired',
  'subject_disabled',
  'client_disabled',
] satisfies EndReason[];

const isEndReason = (reason: string): reason is EndReason => endReasons.includes(reason);

/** @param reason of a `refresh.refused` event @returns undefined for a reason that is not one of a refresh */
export function decisionOf(reason: string): Pick<Facts, 'verdict' | 'endReason'> | undefined {
  if (isEndReason(reason)) return { verdict: 'ended', endReason: reason };
  const verdict = refreshDecisions.find((decision) => decision === reason);
  return verdict && { verdict };
}

export const factsOf = (
  judged: Verdict | { readonly verdict: 'malformed' },
  presentedGeneration: number | undefined,
  presentedAt: number,
): Facts => ({
  verdict: judged.verdict,
  presentedAt,
  presentedGeneration,
  ...('reason' in judged && { endReason: judged.reason }),
  ...('family' in judged && generationsOf(judged.family, presentedGeneration)),
});

const generationsOf = (family: TokenFamily, presented: number | undefined) => ({
  currentGeneration: family.generation,
  retryWindowMs: family.retryWindowMs,
  supersededAt: presented === undefined ? undefined : supersededAt(family, presented),
});

export function explain(facts: Facts): Explanation {
  const failed = refusedBy[facts.verdict];
  const last = failed === undefined ? refreshRules.length : refreshRules.indexOf(failed);
  return {
    summary: summaryOf(facts),
    steps: refreshRules.map((rule, index) => ({
      rule,
      outcome: index < last ? 'passed' : index === last ? 'failed' : 'not_reached',
    })),
    refusedBy: failed,
    help: helpOf(facts),
  };
}

const endings: Record<EndReason, { readonly summary: string; readonly help: string }> = {
  revoked: {
    summary: 'Refused: the family was revoked.',
    help: 'The user signs in again. The events of the family tell who revoked it and why.',
  },
  idle_expired: {
    summary: 'Refused: the family was not used for longer than its idle lifetime.',
    help: 'The user signs in again. A longer idle_ttl_seconds of the client, or refreshing before it ends, avoids this.',
  },
  expired: {
    summary: 'Refused: the family has reached its absolute lifetime.',
    help: 'The user signs in again. A longer absolute_ttl_seconds of the client makes this rarer, for new families.',
  },
  subject_disabled: {
    summary: 'Refused: the subject is disabled.',
    help: 'Enable the user, and the same token works again.',
  },
  client_disabled: {
    summary: 'Refused: the client is disabled or deleted.',
    help: 'Enable the client, and the same token works again.',
  },
};

const summaries: Record<Exclude<RefreshDecision, 'ended' | 'stale' | 'reuse'>, string> = {
  rotatable: 'Accepted: it is the current token of its family.',
  retry: 'Accepted as a retry: it was superseded a moment ago, and gets the same successor again.',
  malformed: 'Refused: it is not a refresh token of this service.',
  unknown: 'Refused: it is a refresh token of this service, but its family is not known.',
  client_mismatch: 'Refused: it belongs to another client.',
  scope_exceeded: 'Refused: the scope exceeds the grant or the scopes of the client.',
  wrong_target: 'Refused: the resource is outside the grant or the audience of the client.',
};

function summaryOf(facts: Facts): string {
  const { verdict } = facts;
  if (verdict === 'ended') return facts.endReason ? endings[facts.endReason].summary : 'Refused: the family has ended.';
  if (verdict !== 'stale' && verdict !== 'reuse') return summaries[verdict];
  const generation = facts.presentedGeneration === undefined ? '' : ` (generation ${facts.presentedGeneration})`;
  if (ageOf(facts)! < 0) return `Refused: this token${generation} is newer than its family, which has lost rotations.`;
  const late = seconds(delayOf(facts));
  const when = late === undefined ? 'earlier than the family remembers' : `${late} before it was presented`;
  return verdict === 'reuse'
    ? `Refused as reuse: this token${generation} was superseded ${when}.`
    : `Refused as stale: this token${generation} was superseded ${when}. The family stays active.`;
}

const helps: Record<Exclude<RefreshDecision, 'ended' | 'stale' | 'reuse'>, string | undefined> = {
  rotatable: undefined,
  retry: undefined,
  malformed:
    'Check that the whole token was stored and sent, unchanged, to the issuer that gave it out; access tokens cannot be refreshed with.',
  unknown: 'The user signs in again. A family is deleted REKEY_FAMILY_RETENTION_DAYS after its end.',
  client_mismatch: 'Send the token with the client_id that it was issued to.',
  scope_exceeded: 'Ask for less scope, or give the client back the scopes it has lost.',
  wrong_target: 'Ask for a granted resource, or give the client back the audience it has lost.',
};

function helpOf(facts: Facts): string[] {
  const { verdict, endReason } = facts;
  if (verdict === 'ended') return endReason ? [endings[endReason].help] : [];
  if (verdict !== 'stale' && verdict !== 'reuse') return [helps[verdict]].filter((help) => help !== undefined);
  return generationHelp(facts);
}

function generationHelp(facts: Facts): string[] {
  const age = ageOf(facts);
  if (age !== undefined && age < 0) return ['The database was restored from a backup: the user signs in again.'];
  const help = [
    'The client should store each new refresh token before it uses the access token, and send only the newest.',
  ];
  if (age !== undefined && age > 1) {
    help.push(
      'Its successor had been used already: two copies of the token are in use, by two processes or by a thief.',
    );
  }
  const delay = delayOf(facts);
  const window = facts.retryWindowMs;
  if (age === 1 && delay !== undefined && window !== undefined && delay > window) {
    help.push(
      `With a retry_window_seconds of ${Math.ceil(delay / 1000)} or more, instead of ${window / 1000}, this would have been a retry.`,
    );
  }
  return help;
}

const ageOf = ({ currentGeneration, presentedGeneration }: Facts): number | undefined =>
  currentGeneration === undefined || presentedGeneration === undefined
    ? undefined
    : currentGeneration - presentedGeneration;

const delayOf = ({ supersededAt: at, presentedAt }: Facts): number | undefined =>
  at === undefined ? undefined : Math.max(0, presentedAt - at);

const seconds = (ms: number | undefined): string | undefined => (ms === undefined ? undefined : `${ms / 1000} s`);
