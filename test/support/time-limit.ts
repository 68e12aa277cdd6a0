/**
 * A time limit for property tests over HTTP. It is checked before each run, because a run that is cut short (by fast-check's own
 * limit) would continue during the next test.
 */
export function timeLimit(milliseconds: number): () => boolean {
  const end = performance.now() + milliseconds;
  return () => performance.now() > end;
}
