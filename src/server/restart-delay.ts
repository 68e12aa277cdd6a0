/** How soon a process that ended is replaced: at once after long service, ever later when it ends soon after each start. */
const FIRST_MS = 100;
const LONGEST_MS = 30_000;

/** A process that lived for so long has not failed to start. */
const SETTLED_AFTER_MS = 60_000;

/** @param failures ends in a row before this one, each soon after its start */
export function restartDelayMs(failures: number, livedMs: number): { failures: number; delayMs: number } {
  if (livedMs >= SETTLED_AFTER_MS) return { failures: 0, delayMs: FIRST_MS };
  return { failures: failures + 1, delayMs: Math.min(LONGEST_MS, FIRST_MS * 2 ** failures) };
}
