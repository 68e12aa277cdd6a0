/** Builds the service, which fault tests run as a process of its own: once, before the workers start. */
import { spawnSync } from 'node:child_process';

export default function buildService() {
  const { status } = spawnSync(process.execPath, ['scripts/build.mjs'], { stdio: 'inherit' });
  if (status !== 0) throw new Error('The service does not build');
}
