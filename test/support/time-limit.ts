/**
 * For property tests over HTTP: how long they go on trying. Asked before each try, because a try that is cut short (as
 * fast-check's own limit does) goes on behind the back of the next test.
 */
export function timeLimit(milliseconds: number): () => boolean {
  const end = performance.now() + milliseconds;
  return () => performance.now() > end;
}
