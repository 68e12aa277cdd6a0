import type { RevocationTracker } from './revocation-tracker.js';

/** What a tracker tells about itself, for logs and metrics. Reasons hold no token, key or value. */
export type TrackerEvent =
  | { readonly type: 'state'; readonly state: RevocationTracker['state']; readonly reason?: string }
  /** `lagMs`: how long the slowest of them took, from its `notBefore` (which may lie ahead: then 0), to get here. */
  | { readonly type: 'added'; readonly revocations: number; readonly lagMs: number }
  | { readonly type: 'add_failed'; readonly revocations: number; readonly reason: string }
  /** `repaired` of the copied revocations were missing, the oldest for `lagMs`. After a flush, that is all of them. */
  | {
      readonly type: 'copied';
      readonly extent: 'all' | 'window';
      readonly revocations: number;
      readonly repaired: number;
      readonly lagMs: number;
    }
  | { readonly type: 'copy_failed'; readonly reason: string };

export type OnTrackerEvent = (event: TrackerEvent) => void;
