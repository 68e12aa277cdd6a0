import type { RevocationTracker } from './revocation-tracker.js';

/** Events of a tracker, for logs and metrics. Reasons contain no token, key or value. */
export type TrackerEvent =
  | { readonly type: 'state'; readonly state: RevocationTracker['state']; readonly reason?: string }
  /** `lagMs`: time since the oldest `notBefore` of them; 0 if that is in the future. */
  | { readonly type: 'added'; readonly revocations: number; readonly lagMs: number }
  | { readonly type: 'add_failed'; readonly revocations: number; readonly reason: string }
  /** `repaired`: how many of the copied revocations were missing, the oldest for `lagMs`. After a flush, all of them. */
  | {
      readonly type: 'copied';
      readonly extent: 'all' | 'window';
      readonly revocations: number;
      readonly repaired: number;
      readonly lagMs: number;
    }
  | { readonly type: 'copy_failed'; readonly reason: string };

export type OnTrackerEvent = (event: TrackerEvent) => void;
