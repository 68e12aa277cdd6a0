import { setTimeout as sleep } from 'node:timers/promises';

const PATIENCE_MS = 15_000;

/** Retries the assertion until it holds, and fails with its last error after a long time. */
export async function eventually(assertion: () => Promise<void> | void, patienceMs = PATIENCE_MS): Promise<void> {
  const giveUpAt = performance.now() + patienceMs;
  for (;;) {
    try {
      return await assertion();
    } catch (complaint) {
      if (performance.now() > giveUpAt) throw complaint;
      await sleep(20);
    }
  }
}
