/**
 * Completes package-lock.json after an `npm install` from a registry that mirrors only some platforms' binaries: npm omits optional
 * packages that it cannot find, and `npm ci` then refuses the file. They get the version that their parent requires, and the
 * platform in their name; only machines of that platform fetch them.
 *
 *   npm install … && node scripts/complete-lockfile.mjs
 */
import { readFileSync, writeFileSync } from 'node:fs';

const PLATFORMS = 'android|darwin|freebsd|linux|openharmony|win32';
const LIBC = { gnu: 'glibc', gnueabihf: 'glibc', musl: 'musl', musleabihf: 'musl' };

/** `@swc/core-linux-arm-gnueabihf` → the os, cpu and libc that npm compares with the machine. */
function platformOf(name) {
  const [, os, cpu, abi] = new RegExp(`-(${PLATFORMS})-([a-z0-9]+)(?:-([a-z]+))?$`).exec(name) ?? [];
  if (os === undefined) throw new Error(`${name} does not say in its name which platform it is for: add it by hand`);
  return { os: [os], cpu: [cpu], ...(os === 'linux' && { libc: [LIBC[abi]] }) };
}

const path = new URL('../package-lock.json', import.meta.url);
const lock = JSON.parse(readFileSync(path, 'utf8'));
const added = [];
for (const [parent, { dev, optionalDependencies = {} }] of Object.entries(lock.packages)) {
  for (const [name, version] of Object.entries(optionalDependencies)) {
    const key = `node_modules/${name}`;
    if (lock.packages[key] || lock.packages[`${parent}/${key}`]) continue;
    if (!/^\d+\.\d+\.\d+$/.test(version)) throw new Error(`${name}: ${version} is not one version: add it by hand`);
    lock.packages[key] = { version, ...(dev && { dev }), optional: true, ...platformOf(name) };
    added.push(name);
  }
}
lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1)));
writeFileSync(path, `${JSON.stringify(lock, undefined, 2)}\n`);
console.log(`package-lock.json: ${added.length} packages of other platforms added`);
