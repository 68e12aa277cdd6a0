/**
 * The first two minutes with Rekey: `npm start` in an empty folder, the lines it prints pasted into a shell twice, a sign-in at
 * the demo client that it names, a second start that gives no secret away again, and the demo cut short. Whatever is started here is stopped by its
 * process group.
 */
import { spawn, spawnSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { URLSearchParams } from 'node:url';

const START_TIMEOUT_MS = 90_000; // the build included
const STOP_TIMEOUT_MS = 30_000;
const MAX_LINES = 25;

function demand(holds, problem) {
  if (!holds) throw new Error(problem);
}

async function isFree(port) {
  const server = createServer().listen(port, '127.0.0.1');
  const listens = await new Promise((resolve) => {
    server.once('listening', () => resolve(true)).once('error', () => resolve(false));
  });
  if (listens) await new Promise((resolve) => server.close(resolve));
  return listens;
}

/** Below the kernel's range of outgoing ports, which whatever runs beside this may use. The second port is for the demo client. */
async function twoFreePorts() {
  const port = randomInt(20_000, 32_000);
  return (await isFree(port)) && (await isFree(port + 1)) ? port : twoFreePorts();
}

/** An environment without settings. */
const untouched = Object.fromEntries(
  Object.entries(process.env).filter(
    ([name]) => !/^(REKEY_|NODE_ENV$|DATABASE_URL$|REDIS_URL$|HOST$|PORT$)/.test(name),
  ),
);

async function answers(url) {
  try {
    return (await fetch(url, { signal: AbortSignal.timeout(1000) })).ok;
  } catch {
    return false;
  }
}

async function until(condition, timeoutMs, problem) {
  const deadline = Date.now() + timeoutMs;
  while (!(await condition())) {
    demand(Date.now() < deadline, problem());
    await sleep(100);
  }
}

/** Runs `task` while `npm start` runs, with its output (without the JSON log). */
async function whileStarted(port, dataDir, task) {
  const env = { ...untouched, PORT: String(port), REKEY_DATA_DIR: dataDir };
  const npm = spawn('npm', ['start'], { env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  let log = '';
  npm.stdout.setEncoding('utf8').on('data', (chunk) => (output += chunk));
  npm.stderr.setEncoding('utf8').on('data', (chunk) => (log += chunk));
  const ended = new Promise((resolve) => npm.once('exit', resolve));
  const live = `http://127.0.0.1:${port}/health/live`;
  try {
    const started = Date.now();
    const ready = `http://127.0.0.1:${port}/health/ready`; // /health/live answers while the start goes on
    const problem = () => `npm start did not answer at ${ready}:\n${output.slice(0, 3000)}\n${log.slice(-3000)}`;
    await until(() => npm.exitCode !== null || answers(ready), START_TIMEOUT_MS, problem);
    demand(npm.exitCode === null, problem());
    await sleep(500); // the last lines are on their way
    console.log(`answered after ${Date.now() - started} ms`);
    await task(output.split('\n').filter((line) => line !== '' && !/^(\{|> )/.test(line)));
  } finally {
    process.kill(-npm.pid, 'SIGTERM');
    const stopped = await Promise.race([ended.then(() => true), sleep(STOP_TIMEOUT_MS, false, { ref: false })]);
    if (!stopped) process.kill(-npm.pid, 'SIGKILL');
    demand(stopped, `npm start went on for ${STOP_TIMEOUT_MS} ms after SIGTERM`);
  }
  // npm may exit before the process that it started.
  await until(
    async () => !(await answers(live)),
    STOP_TIMEOUT_MS,
    () => 'the service still answers after SIGTERM',
  );
}

/** The lines that one would paste: what starts with `curl` or `npm run`, reads a file or sets a variable, with its continuations. */
function commandsIn(lines) {
  const commands = [];
  let open = false;
  for (const line of lines.map((each) => each.trim().replace(/^\$ /, ''))) {
    if (open || /^(curl |npm run |\. |[A-Za-z_]+=)/.test(line)) commands.push(line);
    open = (open || commands.at(-1) === line) && line.endsWith('\\');
  }
  return commands.join('\n');
}

/** @returns what was printed */
function paste(commands) {
  const preamble = 'set -euo pipefail\ncurl() { command curl --silent --show-error --fail-with-body "$@"; }\n';
  const { status, stdout, stderr } = spawnSync('bash', ['-c', preamble + commands], {
    env: untouched,
    encoding: 'utf8',
  });
  console.log(`${commands}\n--- printed ---\n${stdout}`);
  demand(status === 0, `a line that was printed does not work:\n${stderr}`);
  return stdout;
}

/** What `npm start` has printed, and then what that prints to go on with: both more than once. */
function tryOut(lines) {
  const commands = commandsIn(lines);
  demand(commands.endsWith('npm run try'), `npm start printed no command to try:\n${lines.join('\n')}`);
  for (let time = 0; time < 2; time++) {
    const printed = paste(commands);
    const steps = printed.match(/^ {3}→ POST \S+|^ {3}← \d+/gm)?.map((line) => line.trim().split(' ').pop());
    const expected = ['/token', '200', '/token', '200', '/introspect', '200', '/revoke', '200', '/introspect', '200'];
    demand(steps?.join() === expected.join(), `npm run try went another way: ${steps}`);
    const introspected = printed.match(/"active":(true|false)/g) ?? [];
    demand(introspected[0] === '"active":true', 'the access token was not active after the refresh');
    demand(introspected.at(-1) === '"active":false', 'the access token was active after its revocation');
    const byHand = commandsIn(printed.split('\n'));
    const [first, second] = [paste(byHand), paste(byHand)].map(
      (answer) => /"refresh_token":"(rt_[^"]+)"/.exec(answer)?.[1],
    );
    demand(first && first === second, 'the same line pasted twice did not bring the same refresh token');
  }
}

/** A reader that has seen enough leaves nothing running. */
async function cutTheDemoShort() {
  const shell = spawn('bash', ['-c', 'node dist/examples/demo.js | head -n 3'], {
    env: untouched,
    detached: true,
    stdio: 'pipe',
  });
  let problem = '';
  shell.stderr.setEncoding('utf8').on('data', (chunk) => (problem += chunk));
  await new Promise((resolve) => shell.once('exit', resolve));
  demand(problem === '', `the demo that was cut short complained: ${problem}`);
  demand(!isGroup(shell.pid), 'the demo that was cut short left its server running');
}

function isGroup(pid) {
  try {
    return process.kill(-pid, 0);
  } catch {
    return false;
  }
}

/** A minimal browser: keeps cookies, follows redirects, fills in forms. */
class Browser {
  cookies = new Map();
  url;
  html;

  async open(url, init = {}) {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const headers = { ...init.headers, cookie };
    const response = await fetch(url, { ...init, headers, redirect: 'manual', signal: AbortSignal.timeout(10_000) });
    for (const [, name, value] of response.headers.getSetCookie().map((line) => /^([^=]+)=([^;]*)/.exec(line))) {
      this.cookies.set(name, value);
    }
    this.url = new URL(url);
    this.html = await response.text();
    const location = response.headers.get('location');
    if (location !== null) await this.open(new URL(location, url));
  }

  /** The form with this action. */
  async submit(path, answers = {}) {
    const forms = [...this.html.matchAll(/<form\b[^>]*\baction="([^"]*)"[^>]*>(.*?)<\/form>/gs)];
    const [, action, content] = forms.find(([, target]) => target.endsWith(path)) ?? [];
    demand(action, `there is no form for ${path} at ${this.url.origin}${this.url.pathname}:\n${this.html}`);
    const hidden = [...content.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)"/g)];
    const fields = hidden.map(([, name, value]) => [name, value.replaceAll('&quot;', '"').replaceAll('&amp;', '&')]);
    await this.open(new URL(action, this.url), {
      method: 'POST',
      headers: { origin: this.url.origin },
      body: new URLSearchParams({ ...Object.fromEntries(fields), ...answers }),
    });
  }

  expect(text) {
    demand(this.html.includes(text), `"${text}" is not shown at ${this.url.origin}${this.url.pathname}:\n${this.html}`);
  }
}

/** @returns the demo client's URL from the output, and the demo user's password */
function demoIn(lines) {
  const text = lines.join('\n');
  const [, url] = /demo client.*: (http:\S+\/)$/m.exec(text) ?? [];
  const [, username, password] = /^ *demo user +(\S+) : (\S+)$/m.exec(text) ?? [];
  demand(url && password, `npm start printed no link to the demo client, or no password of the demo user:\n${text}`);
  return { url, username, password };
}

async function signIn({ url, username, password }) {
  const browser = new Browser();
  await browser.open(url);
  browser.expect('href="/sign-in"');
  await browser.open(new URL('/sign-in', url));
  await browser.submit('/sign-in', { username, password });
  await browser.submit('/consent', { decision: 'allow' });
  demand(browser.url.href === url, `the sign-in ended at ${browser.url.href}`);
  browser.expect('Signed in as Demo User');
  await browser.submit('/refresh');
  browser.expect('Signed in as Demo User');
  await browser.open(new URL('/hello', url));
  browser.expect('demo-web');
  await browser.open(url);
  await browser.submit('/sign-out');
  browser.expect('Nobody is signed in');
  console.log(`signed in as ${username} at ${url}, refreshed, called the protected resource, signed out`);
}

/** With wrong settings a production process reports all problems and exits, without repeating values. */
function refuseToBoot(dataDir) {
  const given = {
    REKEY_SECRET: 'too-short-4711',
    REKEY_ISSUER: 'http://id.example.com',
    REKEY_ADMIN_CLIENT_SECRET: 'weak-0815',
  };
  const env = { ...untouched, ...given, NODE_ENV: 'production', REKEY_DATA_DIR: dataDir };
  const { status, stdout, stderr } = spawnSync('node', ['dist/main.js'], {
    env,
    encoding: 'utf8',
    timeout: START_TIMEOUT_MS,
  });
  const printed = stdout + stderr;
  demand(status === 1, `wrong settings in production: exit code ${status}\n${printed}`);
  for (const name of [...Object.keys(given), 'REKEY_ADMIN_CLIENT_ID']) {
    demand(printed.includes(`- ${name} `), `wrong settings in production: ${name} is not complained of\n${printed}`);
  }
  for (const value of Object.values(given))
    demand(!printed.includes(value), `a refused setting is printed: ${printed}`);
}

/** A start that cannot be ends with a sentence about what is wrong and how to go on. */
function refuseToStart(settings, ...sentences) {
  const env = { ...untouched, ...settings };
  const options = { env, encoding: 'utf8', timeout: START_TIMEOUT_MS };
  const { status, stdout, stderr } = spawnSync('node', ['dist/main.js'], options);
  const printed = stdout + stderr;
  demand(status === 1, `a start with ${JSON.stringify(settings)} ended with ${status}:\n${printed}`);
  for (const sentence of sentences) demand(printed.includes(sentence), `"${sentence}" is not said:\n${printed}`);
  demand(!/^ +at /m.test(printed), `a refused start prints a stack:\n${printed}`);
}

const secretsIn = (lines) => lines.join('\n').match(/[A-Za-z0-9_-]{40,}/g) ?? [];

const root = await mkdtemp(join(tmpdir(), 'rekey-fresh-'));
const dataDir = join(root, 'data');
try {
  const port = await twoFreePorts();
  let secrets = [];
  let demo;
  await whileStarted(port, dataDir, async (lines) => {
    demand(lines.length <= MAX_LINES, `npm start printed ${lines.length} lines:\n${lines.join('\n')}`);
    secrets = secretsIn(lines);
    demand(secrets.length >= 2, 'npm start printed no client secrets');
    tryOut(lines);
    demo = demoIn(lines);
    await signIn(demo);
    refuseToStart({ PORT: String(port), REKEY_DATA_DIR: join(root, 'other') }, `${port}`, 'PORT=');
    refuseToStart({ PORT: String(port + 2), REKEY_DATA_DIR: dataDir }, 'in use by process', 'REKEY_DATA_DIR');
  });
  demand(!(await answers(demo.url)), 'the demo client still answers after SIGTERM');
  await whileStarted(port, dataDir, (lines) => {
    const repeated = [...secrets, demo.password].filter((secret) => lines.join('\n').includes(secret));
    demand(repeated.length === 0, 'the second start printed a secret again');
    demand(
      secretsIn(lines).every((text) => !text.startsWith('rt_')),
      'the second start printed a refresh token',
    );
    demand(lines.length > 0 && lines.length <= MAX_LINES, `the second start printed ${lines.length} lines`);
  });
  refuseToStart({ PORT: String(port), REKEY_DATA_DIR: '/dev/null/data' }, 'REKEY_DATA_DIR');
  await cutTheDemoShort();
  refuseToBoot(join(root, 'production'));
  console.log(
    'a fresh start works, its lines when pasted, and its sign-in; a second start gives no secret away; bad settings do not boot',
  );
} finally {
  await rm(root, { recursive: true, force: true });
}
