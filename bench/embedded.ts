/** The embedded service: from the start of the process to the first answer, on an existing data directory, and its memory. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { median } from './load.js';
import { residentMegabytes, startRekey } from './servers.js';

export async function measureEmbedded(say: (text: string) => void): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'rekey-bench-'));
  try {
    await (await startRekey({ REKEY_DATA_DIR: directory })).stop();
    const times: number[] = [];
    let megabytes = 0;
    for (let boot = 0; boot < 3; boot += 1) {
      const from = performance.now();
      const rekey = await startRekey({ REKEY_DATA_DIR: directory });
      times.push(performance.now() - from);
      megabytes = await residentMegabytes(rekey.process);
      await rekey.stop();
    }
    say(
      `Embedded, later boots: ${(median(times) / 1000).toFixed(1)} s to the first answer; ${megabytes} MB resident at idle.`,
    );
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
