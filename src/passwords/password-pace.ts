/**
 * How hashing shares the cores with requests. A low thread priority is not enough: under continuous sign-ins, refreshes fell
 * to about half of their rate, and to two thirds with the lowest priority (on two cores).
 */

/** The share of all cores for all threads together while the event loop is busy. Refreshes then keep more than four fifths of their rate. */
const SHARE_OF_CORES = 0.125;

/** The event loop counts as busy from this utilization on. */
const BUSY_UTILIZATION = 0.75;

export interface Machine {
  readonly cores: number;
  /** How many hash at the same time. */
  readonly threads: number;
}

/**
 * How long a thread rests after a job: not at all unless the event loop is busy, so that sign-ins are as fast as possible.
 * @param workedMs how long the job took
 * @param loopUtilization utilization of the event loop during the job, 0 to 1
 */
export function restMs(workedMs: number, loopUtilization: number, { cores, threads }: Machine): number {
  if (loopUtilization < BUSY_UTILIZATION) return 0;
  const shareOfThread = Math.min(1, (SHARE_OF_CORES * cores) / threads);
  return workedMs * (1 / shareOfThread - 1);
}
