/**
 * Builds the web console to `console/dist`, if something has changed since; otherwise it costs some milliseconds. The types of the
 * admin API are made anew from docs/openapi.json each time, so they cannot be older than it. `--types` makes only those.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

const CONSOLE = 'console';
const DIST = join(CONSOLE, 'dist');
const STAMP = join(DIST, '.stamp');
const INPUTS = ['index.html', 'vite.config.js', 'src'].map((name) => join(CONSOLE, name));
const DOCUMENT = 'docs/openapi.json';

const filesIn = (path) =>
  path.includes('.')
    ? [path]
    : readdirSync(path, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name));

function digest() {
  const hash = createHash('sha256');
  const files = [...INPUTS.flatMap(filesIn), DOCUMENT, 'package-lock.json', 'scripts/build-console.mjs'];
  for (const file of files.sort()) hash.update(file).update(readFileSync(file));
  return hash.digest('hex');
}

async function makeTypes() {
  const { default: openapiTS, astToString } = await import('openapi-typescript');
  const types = astToString(await openapiTS(readFileSync(DOCUMENT, 'utf8'), { exportType: true }));
  mkdirSync(join(CONSOLE, '.generated'), { recursive: true });
  writeFileSync(join(CONSOLE, '.generated', 'admin-api.d.ts'), types);
}

/** Beside each file, so that none is compressed while somebody waits. */
function compress() {
  for (const file of filesIn(DIST)) {
    if (/\.(js|css|svg)$/.test(file)) writeFileSync(`${file}.gz`, gzipSync(readFileSync(file), { level: 9 }));
  }
}

export async function buildConsole() {
  const wanted = digest();
  if (existsSync(STAMP) && readFileSync(STAMP, 'utf8') === wanted) return;
  const { build } = await import('vite');
  await build({ root: CONSOLE, logLevel: 'error' });
  compress();
  writeFileSync(STAMP, wanted);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  if (process.argv.includes('--types')) await makeTypes();
  else await buildConsole();
}
