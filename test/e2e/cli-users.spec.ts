/** User commands, in a separate process against a running service. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { adminClient } from '../support/admin.js';
import { CommandLine, type CommandResult } from '../support/command-line.js';
import type { TestClient } from '../support/clients.js';
import { startApp, type TestApp } from '../support/test-app.js';
import { authenticate, PASSWORD } from '../support/users.js';

// Each command is a process, and a test runs up to ten of them.
jest.setTimeout(120_000);

const BCRYPT = '$2b$10$9BzfV47BALhZAARNce.NveK7hQNsn8/D8GZbLNNMtoK3g6WZXGb22'; // of `pw`

let app: TestApp;
let line: CommandLine;
let operator: TestClient;
let directory: string;

beforeAll(async () => {
  line = CommandLine.compile();
  directory = mkdtempSync(join(tmpdir(), 'rekey-cli-users-'));
  app = await startApp();
  operator = await adminClient(app);
});
afterAll(async () => {
  await app.close();
  line.remove();
  rmSync(directory, { recursive: true });
});

const run = (args: string[], input: string | Buffer = ''): Promise<CommandResult> => {
  const { clientId, secret } = operator;
  const environment = { REKEY_URL: app.url, REKEY_ADMIN_CLIENT_ID: clientId, REKEY_ADMIN_CLIENT_SECRET: secret! };
  return line.run(args, environment, input);
};

async function json(args: string[], input = '') {
  const { exitCode, stdout, stderr } = await run(['--json', 'user', ...args], input);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  return JSON.parse(stdout);
}

function fileOf(...lines: (object | string)[]): string {
  const file = join(directory, 'users.jsonl');
  writeFileSync(file, lines.map((each) => (typeof each === 'string' ? each : JSON.stringify(each))).join('\n'));
  return file;
}

it('user create, list, show, set-password, disable, enable and delete work', async () => {
  const args = ['create', 'anna', '--name', 'Anna B', '--email', 'anna@example.com', '--claims', '{"locale":"de"}'];
  const created = await json([...args, '--subject', 'a b', '--with-password'], `${PASSWORD}\n`);
  expect(created).toMatchObject({ subject: 'a b', username: 'anna', has_password: true });
  expect(created.claims).toEqual({ name: 'Anna B', email: 'anna@example.com', locale: 'de' });
  expect(await authenticate(app, 'anna', PASSWORD)).toMatchObject({ verdict: 'ok', subject: 'a b' });

  expect((await json(['list', '--username', 'ANNA'])).items).toEqual([created]);
  expect((await run(['user', 'list'])).stdout).toMatch(/^a b +anna +true +false /m);
  expect((await run(['user', 'show', 'a b'])).stdout).toMatch(/^claims\.email +anna@example\.com$/m);

  await json(['update', 'anna', '--group', 'staff', 'old', '--attributes', '{"level":3,"roles":["editor"]}']);
  const moved = await json([
    'update',
    'anna',
    '--add-group',
    'new',
    '--remove-group',
    'old',
    '--attributes',
    '{"level":null}',
  ]);
  expect([moved.groups, moved.attributes, moved.claims]).toEqual([
    ['staff', 'new'],
    { roles: ['editor'] },
    created.claims,
  ]);

  const set = await run(['user', 'set-password', 'a b'], 'umbrella gravel tango\n');
  expect(set).toEqual({ exitCode: 0, stdout: 'Set the password of a b.\n', stderr: '' });
  expect(await authenticate(app, 'anna', 'umbrella gravel tango')).toMatchObject({ verdict: 'ok' });

  expect((await json(['disable', 'a b'])).disabled).toBe(true);
  expect((await json(['enable', 'a b'])).disabled).toBe(false);
  expect((await json(['list', '--search', 'anna@'])).items).toHaveLength(1);
  expect((await run(['user', 'show', 'anna'])).stdout).toMatch(/^subject +a b$/m);
  expect((await run(['user', 'show', 'ana'])).stderr).toBe('There is no user "ana". Similar: "anna".\n');
  expect(await run(['user', 'delete', 'a b'])).toMatchObject({ exitCode: 1, stdout: '' });
  expect((await run(['user', 'delete', 'a b', '--yes'])).stdout).toBe('Deleted a b.\n');
  expect((await run(['user', 'show', 'a b'])).exitCode).toBe(1);
});

it('arguments that are not UTF-8 are refused', async () => {
  const { exitCode, stderr } = await run(['user', 'create', 'm\ufffdller']);
  expect([exitCode, stderr]).toEqual([1, 'The arguments are not UTF-8.\n']);
});

describe('a password', () => {
  it('a password cannot be an argument', async () => {
    for (const args of [
      ['create', 'x', '--with-password', PASSWORD],
      ['set-password', 'x', PASSWORD],
      ['create', 'x', '--password', PASSWORD],
    ]) {
      const { exitCode, stderr } = await run(['user', ...args]);
      expect(exitCode).toBe(1);
      expect(stderr).toMatch(/too many arguments|unknown option/);
    }
  });

  it('a password command without piped input fails', async () => {
    const { exitCode, stderr } = await run(['user', 'create', 'bert', '--with-password']);
    expect([exitCode, stderr]).toEqual([1, 'No password was given: type it, or pipe it in.\n']);
  });

  it('a password that is not UTF-8 is refused, and not stored as another one', async () => {
    const piped = Buffer.from('umbrella gravel m\xfcller\n', 'latin1');
    const { exitCode, stderr } = await run(['user', 'create', 'mueller', '--with-password'], piped);
    expect([exitCode, stderr]).toEqual([1, 'The password is not UTF-8.\n']);
    expect((await json(['list', '--username', 'mueller'])).items).toEqual([]);
  });

  it('a password that breaks the policy is refused without being shown', async () => {
    const { exitCode, stdout, stderr } = await run(['user', 'create', 'bert', '--with-password'], 'canary\n');
    expect([exitCode, stdout]).toEqual([1, '']);
    expect(stderr).toContain('password: password must have at least 15 characters');
    expect(stderr).not.toContain('canary');
  });
});

describe('import', () => {
  it.each(['a file', 'the standard input'])(
    'user import from %s names the lines that are not UTF-8, and stores the others',
    async (from) => {
      const suffix = from === 'a file' ? 'f' : 'p';
      const lines = [
        `{"username":"before-${suffix}"}`,
        '{"username":"m\xfcller"}',
        `{"username":"caf\xc3\xa9-${suffix}"}`,
      ];
      const bytes = Buffer.from(lines.join('\n'), 'latin1');
      const file = join(directory, 'latin1.jsonl');
      writeFileSync(file, bytes);
      const imported = await (from === 'a file' ? run(['user', 'import', file]) : run(['user', 'import', '-'], bytes));
      expect([imported.exitCode, imported.stderr]).toEqual([1, 'line 2: is not UTF-8\n']);
      for (const username of [`before-${suffix}`, `caf\u00e9-${suffix}`]) {
        expect((await json(['list', '--username', username])).items).toMatchObject([{ username }]);
      }
    },
  );

  it('user import stores a file of any length and reports the invalid lines', async () => {
    const users = Array.from({ length: 450 }, (_, index) => ({
      username: `import${index}`,
      password_hash: BCRYPT,
      claims: { email: `import${index}@example.com` },
      groups: ['staff'],
      attributes: { level: index },
    }));
    const lines: (object | string)[] = [...users];
    lines.splice(3, 0, 'no json');
    lines.splice(300, 0, { username: ' bad ', claims: { email: 'x' } });
    const first = await run(['--json', 'user', 'import', fileOf(...lines)]);
    expect(first.exitCode).toBe(1);
    expect(JSON.parse(first.stdout)).toEqual({ created: 450, exists: 0, invalid: 2 });
    expect(first.stderr.trimEnd().split('\n')).toEqual([
      'line 4: is not a JSON object',
      'line 301: username must not begin or end with white space; claims.email must be an e-mail address',
    ]);
    expect(await authenticate(app, 'import449', 'pw')).toMatchObject({ verdict: 'ok' });
    expect((await json(['list', '--username', 'import449'])).items).toMatchObject([
      { groups: ['staff'], attributes: { level: 449 } },
    ]);

    const again = await run(['--json', 'user', 'import', fileOf(...users, '')]);
    expect([again.exitCode, JSON.parse(again.stdout)]).toEqual([0, { created: 0, exists: 450, invalid: 0 }]);
  });

  it('user import reports a line that makes the whole request invalid, and stores the lines around it', async () => {
    const users: (object | string)[] = Array.from({ length: 20 }, (_, index) => ({ username: `around${index}` }));
    users.splice(2, 0, '{"username":"proto","claims":{"__proto__":{"name":"x"}}}');
    users.splice(17, 0, '{"username":"constructor","claims":{"constructor":{"prototype":{}}}}');
    const { exitCode, stdout, stderr } = await run(['--json', 'user', 'import', fileOf(...users)]);
    expect([exitCode, JSON.parse(stdout)]).toEqual([1, { created: 20, exists: 0, invalid: 2 }]);
    const problem = 'The request is malformed: a parameter is missing, repeated or unreadable.';
    expect(stderr).toBe(`line 3: ${problem}\nline 18: ${problem}\n`);
  });

  it('user import reads standard input as well', async () => {
    const { stdout, exitCode } = await run(['user', 'import', '-'], '{"username":"piped"}\n');
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^created +1$/m);
  });

  it.each([
    ['/nowhere/users.jsonl', 'ENOENT'],
    ['/', 'directory'],
  ])('user import of something that is not a file is an error: %s', async (file, words) => {
    const { exitCode, stdout, stderr } = await run(['user', 'import', file]);
    expect([exitCode, stdout]).toEqual([1, '']);
    expect(stderr).toContain(words);
    expect(stderr).not.toMatch(/\n\s+at /);
  });

  it('a user import that outlives its access token gets another one', async () => {
    const users = Array.from({ length: 201 }, (_, index) => ({ username: `long${index}` }));
    const server = app.nest.getHttpServer();
    let imports = 0;
    const age = ({ url }: { url?: string }) => {
      if (url?.endsWith('/users/import') && ++imports === 2) app.clock.advanceSeconds(3600);
    };
    server.prependListener('request', age);
    try {
      const { exitCode, stdout } = await run(['--json', 'user', 'import', fileOf(...users)]);
      expect([exitCode, JSON.parse(stdout)]).toEqual([0, { created: 201, exists: 0, invalid: 0 }]);
      expect(imports).toBe(3);
    } finally {
      server.off('request', age);
    }
  });
});
