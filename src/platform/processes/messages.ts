/** What the supervisor and its processes say to each other (`REKEY_PROCESSES`). */

/** A question that one process asks on behalf of its caller, and all answer. */
export type Question = 'metrics' | 'live' | 'ready';

export type FromSupervisor =
  | { readonly kind: 'question'; readonly id: number; readonly question: Question }
  | { readonly kind: 'answers'; readonly id: number; readonly answers: readonly unknown[] }
  | { readonly kind: 'drain'; readonly reason: string; readonly serveSeconds: number };

export type ToSupervisor =
  | { readonly kind: 'serving'; readonly url: string }
  | { readonly kind: 'ask'; readonly id: number; readonly question: Question }
  | { readonly kind: 'answer'; readonly id: number; readonly answer: unknown };

/** Set in the environment of the one process that does the background work for all. */
export const CHORES_VARIABLE = 'WORKER_DOES_CHORES';
