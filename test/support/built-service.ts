/** The built service, `dist/main.js`; rebuilt first if its sources have changed. */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const MAIN = join(ROOT, 'dist/main.js');
/** The compiler's build info, which it does not rewrite if nothing has changed, so we touch it after each build. */
const RECORD = join(ROOT, 'dist/.tsbuildinfo');

let isBuilt = false;

/** @returns the path of the entry point @throws Error with what the compiler says */
export function builtService(): string {
  if (!isBuilt && isOutdated()) build();
  isBuilt = true;
  return MAIN;
}

function build(): void {
  const startedAt = new Date();
  const { status, stdout, stderr } = spawnSync('npm', ['run', '--silent', 'build'], { cwd: ROOT, encoding: 'utf8' });
  if (status !== 0) throw new Error(`The service does not build:\n${stdout}${stderr}`);
  utimesSync(RECORD, startedAt, startedAt);
}

function isOutdated(): boolean {
  if (!existsSync(MAIN) || !existsSync(RECORD)) return true;
  const builtAt = statSync(RECORD).mtimeMs;
  const sources = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' }).map((file) =>
    join('src', file),
  );
  return [...sources, 'tsconfig.json', 'tsconfig.build.json'].some(
    (file) => statSync(join(ROOT, file)).mtimeMs > builtAt,
  );
}
