/** `npm run try`, the first command for newcomers: repeated runs, and its error messages. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { readCredentials, writeCredentials } from '../../src/first-boot/credentials-file.js';
import { FirstBoot } from '../../src/first-boot/first-boot.service.js';
import { CommandLine, type CommandResult } from '../support/command-line.js';
import { refresh } from '../support/requests.js';
import { startAppAtIssuer, type TestApp } from '../support/test-app.js';
import { TestClock } from '../support/test-clock.js';

/** A folder name that needs quoting in a shell. */
const dataDir = mkdtempSync(join(tmpdir(), "rekey's try "));

let app: TestApp;
let line: CommandLine;

beforeAll(async () => {
  line = CommandLine.compile('examples', 'try.js');
  app = await startAppAtIssuer({ clock: new TestClock(Date.now()), environment: { REKEY_DATA_DIR: dataDir } });
  await app.nest.get(FirstBoot, { strict: false }).run();
});
afterAll(async () => {
  await app.close();
  line.remove();
  rmSync(dataDir, { recursive: true });
});

const run = (environment: Record<string, string> = {}): Promise<CommandResult> =>
  line.run([], { REKEY_DATA_DIR: dataDir, ...environment });

it('each run refreshes twice, introspects and revokes in a new session', async () => {
  const [first, second] = [await run(), await run()];
  for (const { exitCode, stdout, stderr } of [first, second]) {
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    const steps = [...stdout.matchAll(/^ {3}(?:→ POST|←) (\S+)/gm)].map(([, step]) => step);
    expect(steps).toEqual([
      '/token',
      '200',
      '/token',
      '200',
      '/introspect',
      '200',
      '/revoke',
      '200',
      '/introspect',
      '200',
    ]);
    expect([...stdout.matchAll(/"active":(\w+)/g)].map(([, active]) => active)).toEqual(['true', 'false']);
  }
  expect(first.stdout).not.toBe(second.stdout);
});

it('a run leaves a session for manual requests, and prints shell commands for it', async () => {
  const { stdout } = await run();
  expect(stdout).toContain(`   . '${join(dataDir, 'credentials.env').replace("'", `'\\''`)}'\n`);
  const [, refreshToken] = /curl -u "\$DEMO_ID:\$DEMO_SECRET" "\$ISSUER\/token" .*'(rt_[^']+)'$/m.exec(stdout) ?? [];
  const { demoClientId, demoClientSecret } = readCredentials(dataDir);
  const demo = { clientId: demoClientId!, secret: demoClientSecret, method: 'client_secret_basic' as const };
  const [first, again] = [await refresh(app, demo, refreshToken!), await refresh(app, demo, refreshToken!)];
  expect(first.status).toBe(200);
  expect(again.body.refresh_token).toBe(first.body.refresh_token);
});

/** The error message of a failed run. */
async function complaint(environment: Record<string, string>): Promise<string> {
  const { exitCode, stdout, stderr } = await run(environment);
  expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' });
  expect(stderr.trimEnd().split('\n')).toHaveLength(1);
  for (const secret of Object.values(readCredentials(dataDir)).filter(
    (text): text is string => (text ?? '').length >= 20,
  ))
    if (!secret.startsWith('http')) expect(stderr).not.toContain(secret);
  return stderr;
}

it('without a service in this folder, one line says so', async () => {
  expect(await complaint({ REKEY_DATA_DIR: join(dataDir, 'elsewhere') })).toContain('`npm start`');
});

it('with the service stopped, one line says so', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'rekey-try-'));
  writeCredentials(directory, { ...readCredentials(dataDir), issuer: 'http://127.0.0.1:1' });
  expect(await complaint({ REKEY_DATA_DIR: directory })).toMatch(/^Rekey does not answer at http:\/\/127\.0\.0\.1:1 /);
  rmSync(directory, { recursive: true });
});

it('with an unknown admin client, one line says so', async () => {
  const wrong = { REKEY_ADMIN_CLIENT_ID: 'admin', REKEY_ADMIN_CLIENT_SECRET: 'wrong' };
  expect(await complaint(wrong)).toContain('The admin client admin was refused');
});

it('the demo client and the demo user have different names', () => {
  const kept = readFileSync(join(dataDir, 'credentials.env'), 'utf8');
  expect(kept).toContain('DEMO_ID=demo-shell\n');
  expect(kept).toContain('DEMO_USER=demo\n');
});
