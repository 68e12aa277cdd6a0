/** Run before anything is built: with another Node the compiler and the packages fail in ways that do not name the reason. */
import { readFileSync } from 'node:fs';

const { engines } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
const [major, minor] = engines.node.match(/\d+/g).map(Number);
const [ours, oursMinor] = process.versions.node.split('.').map(Number);
if (ours < major || (ours === major && oursMinor < minor)) {
  console.error(
    `Rekey needs Node.js ${major}.${minor} or newer, and this is ${process.versions.node}: see https://nodejs.org`,
  );
  process.exitCode = 1;
}
