/**
 * How hashing shares the machine with requests. A low priority alone does not do it: beside sign-ins without end, refreshes fell
 * to about half of their rate, and with the lowest priority to two thirds (two cores).
 */

/** Of all cores, for all threads together, while requests want the machine. Refreshes keep more than four fifths of their rate then. */
const SHARE_OF_CORES = 0.125;

/** From here on the event loop has no time to spare: the share of the time in which it had something to do. */
const BUSY_UTILIZATION = 0.75;

export interface Machine {
  readonly cores: number;
  /** That hash at the same time. */
  readonly threads: number;
}

/**
 * How long a thread rests after a job. While the event loop has time to spare it does not: sign-ins are as fast as they can be.
 * @param workedMs how long the job took
 * @param loopUtilization of the event loop meanwhile, 0 to 1
 */
export function restMs(workedMs: number, loopUtilization: number, { cores, threads }: Machine): number {
  if (loopUtilization < BUSY_UTILIZATION) return 0;
  const shareOfThread = Math.min(1, (SHARE_OF_CORES * cores) / threads);
  return workedMs * (1 / shareOfThread - 1);
}
