/** What `--save` writes: the figures as JSON, and as a chart. */
import { execFileSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import type { Row } from './compare.js';
import { chart } from './chart.js';
import { ROOT } from './servers.js';

export function machine(): string {
  const [cpu] = cpus();
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: ROOT, encoding: 'utf8' }).trim();
  const memory = `${Math.round(totalmem() / 2 ** 30)} GB`;
  const day = new Date().toISOString().slice(0, 10);
  return `${day}, commit ${commit}, Node ${process.version}, ${cpus().length} cores (${cpu?.model.trim()}), ${memory}`;
}

export async function save(rows: readonly Row[], notes: readonly string[]): Promise<void> {
  const measured = JSON.stringify({ machine: machine(), rows, notes }, undefined, 2);
  await writeFile(join(ROOT, 'docs/benchmark.json'), `${measured}\n`);
  const bars = rows.map(({ name, processes, floor, rekey }) => ({
    name: processes === 1 ? name : `${name}, ${processes} processes`,
    values: [rekey.rate, floor.rate],
  }));
  await writeFile(join(ROOT, 'docs/images/benchmark.svg'), chart(['Rekey', 'floor'], bars, machine()));
}
