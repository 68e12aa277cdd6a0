/** The command line, in a separate process against a running service. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { writeCredentials } from '../../src/first-boot/credentials-file.js';
import { EVENTS_PER_PAGE } from '../../src/platform/audit/audit-search.repository.js';
import { adminClient } from '../support/admin.js';
import { CommandLine, type CommandResult } from '../support/command-line.js';
import { confidentialClient, startFamily, type TestClient } from '../support/clients.js';
import { introspect, refresh } from '../support/requests.js';
import { startApp, type TestApp } from '../support/test-app.js';

// Each command is a process, and a test runs up to ten of them.
jest.setTimeout(120_000);

let app: TestApp;
let line: CommandLine;
let operator: TestClient;
let dataDir: string;

beforeAll(async () => {
  line = CommandLine.compile();
  dataDir = mkdtempSync(join(tmpdir(), 'rekey-cli-'));
  app = await startApp();
  operator = await adminClient(app);
});
afterAll(async () => {
  await app.close();
  line.remove();
  rmSync(dataDir, { recursive: true });
});

/** The admin's, in the environment. */
const credentials = (): Record<string, string> => ({
  REKEY_URL: app.url,
  REKEY_ADMIN_CLIENT_ID: operator.clientId,
  REKEY_ADMIN_CLIENT_SECRET: operator.secret!,
});

const run = (...args: string[]): Promise<CommandResult> => line.run(args, credentials());

/** What a command that succeeds prints with `--json`. */
async function json(...args: string[]) {
  const { exitCode, stdout, stderr } = await run('--json', ...args);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  return JSON.parse(stdout);
}

/** The columns of each line of a table, by their headings. */
function rowsOf(table: string): Record<string, string>[] {
  const [headings = '', ...lines] = table.trimEnd().split('\n');
  const starts = [...headings.matchAll(/\S+/g)].map(({ 0: name, index }) => ({ name, index }));
  return lines.map((text) =>
    Object.fromEntries(starts.map(({ name, index }, i) => [name, text.slice(index, starts[i + 1]?.index).trim()])),
  );
}

describe('client', () => {
  it('client create, show, list, update, disable, enable and delete work', async () => {
    const created = await json(
      'client',
      'create',
      '--name',
      'Web shop',
      '--scope',
      'a b',
      '--grant',
      'refresh_token',
      'client_credentials',
      '--retry-window',
      '5',
    );
    expect(created).toMatchObject({
      name: 'Web shop',
      type: 'confidential',
      scopes: ['a', 'b'],
      refresh: { retry_window_seconds: 5 },
    });
    expect(created.grant_types).toEqual(['refresh_token', 'client_credentials']);
    const id = created.client_id as string;
    expect(created.client_secret).toMatch(/^[\w-]{43}$/);

    const updated = await json('client', 'update', id, '--token-ttl', '30', '--idle-ttl', '600', '--may-introspect');
    expect(updated).toMatchObject({ name: 'Web shop', access_token_ttl_seconds: 30, may_introspect: true });
    expect(updated.refresh).toEqual({ ...created.refresh, idle_ttl_seconds: 600 });
    expect((await json('client', 'update', id, '--no-may-introspect')).may_introspect).toBe(false);
    expect((await json('client', 'disable', id)).disabled).toBe(true);
    expect((await json('client', 'enable', id)).disabled).toBe(false);

    const shown = await run('client', 'show', id);
    expect(shown.stdout).toMatch(/^name +Web shop$/m);
    expect(shown.stdout).toMatch(/^refresh\.retry_window_seconds +5$/m);
    expect(shown.stdout).not.toContain(created.client_secret);
    expect(rowsOf((await run('client', 'list')).stdout)).toContainEqual(
      expect.objectContaining({ CLIENT_ID: id, NAME: 'Web shop', SCOPES: 'a b' }),
    );

    const unsure = await run('client', 'delete', id);
    expect([unsure.exitCode, unsure.stdout]).toEqual([1, '']);
    expect(unsure.stderr).toBe(
      'Delete the client Web shop, and revoke all its tokens? Nobody is at a terminal to ask: use --yes. Nothing was done.\n',
    );
    expect((await run('client', 'delete', id, '--yes')).stdout).toBe(`Deleted ${id}.\n`);
    expect((await run('client', 'show', id)).exitCode).toBe(1);
  });

  it('client create and update set the sign-in settings', async () => {
    const created = await json(
      ...['client', 'create', '--name', 'Web shop', '--grant', 'authorization_code', 'refresh_token'],
      ...['--redirect-uri', 'https://shop.example.com/a', '--redirect-uri', 'https://shop.example.com/b'],
      ...['--post-logout-redirect-uri', 'https://shop.example.com/out', '--no-require-pkce', '--first-party'],
      ...['--id-token-alg', 'ES256', '--backchannel-logout-uri', 'https://shop.example.com/logout'],
    );
    expect(created).toMatchObject({
      grant_types: ['authorization_code', 'refresh_token'],
      redirect_uris: ['https://shop.example.com/a', 'https://shop.example.com/b'],
      post_logout_redirect_uris: ['https://shop.example.com/out'],
      require_pkce: false,
      first_party: true,
      id_token_signed_response_alg: 'ES256',
      backchannel_logout_uri: 'https://shop.example.com/logout',
    });
    const changes = ['--require-pkce', '--no-first-party', '--no-backchannel-logout-uri'];
    const updated = await json('client', 'update', created.client_id as string, ...changes);
    expect(updated).toMatchObject({ redirect_uris: created.redirect_uris, require_pkce: true, first_party: false });
    expect(updated).not.toHaveProperty('backchannel_logout_uri');
    const refused = await run(
      'client',
      'update',
      created.client_id as string,
      '--redirect-uri',
      'http://shop.example.com/',
    );
    expect(refused.exitCode).toBe(1);
    expect(refused.stderr).toContain('redirect_uris');
  });

  it('client create of a public client needs no auth method', async () => {
    const created = await json('client', 'create', '--name', 'App', '--type', 'public');
    expect(created).toMatchObject({ type: 'public', token_endpoint_auth_method: 'none' });
  });

  it('client secrets are added, listed and deleted, and a new one is shown once', async () => {
    const { clientId } = await confidentialClient(app);
    const added = await json('client', 'add-secret', clientId, '--expires-at', '2031-01-01T00:00:00Z');
    expect(added).toEqual({
      secret_id: expect.any(String),
      client_secret: expect.any(String),
      expires_at: '2031-01-01T00:00:00.000Z',
    });
    const listed = await run('client', 'list-secrets', clientId);
    expect(rowsOf(listed.stdout).map((row) => row.SECRET_ID)).toContain(added.secret_id);
    expect(listed.stdout).not.toContain(added.client_secret);
    expect((await run('client', 'delete-secret', clientId, added.secret_id)).exitCode).toBe(0);
    expect(rowsOf((await run('client', 'list-secrets', clientId)).stdout)).toHaveLength(1);
  });

  it('client list continues from a cursor', async () => {
    const first = await run('client', 'list', '--limit', '1');
    const cursor = /--cursor (\S+)/.exec(first.stderr)?.[1];
    const second = await run('client', 'list', '--limit', '1', '--cursor', cursor!);
    expect(rowsOf(second.stdout)).toHaveLength(1);
    expect(rowsOf(second.stdout)).not.toEqual(rowsOf(first.stdout));
  });
});

describe('family, revoke and audit', () => {
  it('a family is started, found, revoked and traced in the audit log', async () => {
    const client = await confidentialClient(app);
    const started = await json('family', 'start', '--client', client.clientId, '--subject', 'anna b', '--scope', 'a b');
    const { body } = await refresh(app, client, started.refresh_token);
    expect(body.scope).toBe('a b');

    const [row] = rowsOf((await run('family', 'list', '--subject', 'anna b', '--state', 'active')).stdout);
    expect(row).toMatchObject({ FAMILY_ID: started.family_id, SUBJECT: 'anna b', STATE: 'active', GENERATION: '1' });

    const dry = await run('revoke', 'subject', 'anna b', '--reason', 'laptop stolen', '--dry-run');
    expect(dry.stdout).toMatch(/^hits\.families +1$/m);
    expect(rowsOf(dry.stdout.split('\n\n')[1]!)).toMatchObject([
      { CLIENT_ID: client.clientId, FAMILIES: '1', SUBJECTS: '1' },
    ]);
    expect(dry.stderr).toContain('Nothing was revoked');
    expect((await introspect(app, client, body.access_token)).body.active).toBe(true);

    const revoked = await json('revoke', 'subject', 'anna b', '--reason', 'laptop stolen');
    expect(revoked).toMatchObject({ dry_run: false, hits: { families: 1 } });
    expect((await introspect(app, client, body.access_token)).body.active).toBe(false);
    expect((await json('family', 'show', started.family_id)).state).toBe('revoked');

    const trail = rowsOf((await run('audit', '--subject', 'anna b')).stdout);
    expect(trail.map((event) => event.EVENT)).toEqual(['revocation.created', 'refresh.rotated', 'family.started']);
    expect(trail[0]).toMatchObject({ REASON: 'laptop stolen', ACTOR: `client:${operator.clientId}` });
    expect((await json('audit', '--family', started.family_id, '--event', 'refresh.rotated')).items).toHaveLength(1);
  });

  it('a search of the audit log reaches its end, however many events are between two matches', async () => {
    await app.database.query(
      `INSERT INTO audit_events (at, event, client_id)
       SELECT now(), 'token.issued', CASE WHEN n IN (1, $1::int) THEN 'rare' ELSE 'frequent' END
       FROM generate_series(1, $1::int) AS n`,
      [EVENTS_PER_PAGE * 2],
    );
    const found = await json('audit', '--client', 'rare');
    expect(found.items).toHaveLength(2);
    expect(found.next_cursor).toBeUndefined();

    const first = await json('audit', '--client', 'rare', '--limit', '1');
    expect(first.items).toEqual([found.items[0]]);
    const second = await json('audit', '--client', 'rare', '--limit', '1', '--cursor', first.next_cursor);
    expect(second.items).toEqual([found.items[1]]);
  });

  it('a revocation that hits nothing says so first and exits with 3, unless that is allowed', async () => {
    const client = await confidentialClient(app);
    const started = await json('family', 'start', '--client', client.clientId, '--subject', 'dead', '--scope', 'a');
    const family = ['revoke', 'family', started.family_id as string, '--reason', 'x'];
    expect((await run(...family)).exitCode).toBe(0);
    const again = await run(...family);
    expect([again.exitCode, again.stdout.split('\n')[0]]).toEqual([3, 'No live family is hit.']);
    expect((await run(...family, '--dry-run')).exitCode).toBe(3);
    expect((await run(...family, '--allow-empty')).exitCode).toBe(0);
  });

  it('a revocation of somebody who does not exist fails', async () => {
    const { exitCode, stdout, stderr } = await run('revoke', 'subject', 'nobody', '--reason', 'x');
    expect([exitCode, stdout, stderr]).toEqual([1, '', 'There is no subject or user "nobody".\n']);
  });

  it('explain reads the token from standard input and tells which rule refuses it', async () => {
    const client = await confidentialClient(app);
    const { refreshToken } = await startFamily(app, client);
    await refresh(app, client, refreshToken);
    app.clock.advanceSeconds(90);
    const explained = await line.run(['explain'], credentials(), `${refreshToken}\n`);
    expect(explained).toMatchObject({ exitCode: 0, stderr: '' });
    expect(explained.stdout).toMatch(/^Refused as reuse: this token \(generation 0\) was superseded 90 s before/);
    expect(rowsOf(explained.stdout.slice(explained.stdout.indexOf('RULE')))).toContainEqual({
      RULE: 'generation',
      OUTCOME: 'failed',
    });
    expect(explained.stdout).not.toContain(refreshToken);
    expect((await run('explain')).stderr).toBe('No token was given: type it, or pipe it in.\n');
    expect((await run('explain', '--correlation-id', 'nobody')).exitCode).toBe(1);
  });

  it('everything is revoked only with --yes', async () => {
    const { exitCode, stderr } = await run('revoke', 'all', '--reason', 'x');
    expect([exitCode, stderr]).toEqual([1, expect.stringContaining('use --yes. Nothing was done.')]);
    expect((await run('revoke', 'all', '--reason', 'x', '--dry-run')).exitCode).not.toBe(1);
  });

  it('clients and families of another server are imported from files, a second time too, and broken lines are named', async () => {
    const [clients, families] = ['clients.jsonl', 'families.jsonl'].map((name) => join(dataDir, name)) as [
      string,
      string,
    ];
    writeFileSync(
      clients,
      [
        '{"client_id":"old-shop","client_secret":"short","name":"Old shop","type":"confidential","scopes":["a"],"grant_types":["refresh_token"]}',
        '{"client_id":"broken"',
        '{"client_id":" broken","name":"x","type":"public"}',
      ].join('\n'),
    );
    writeFileSync(
      families,
      [
        '{"client_id":"old-shop","subject":"u1","scope":"a","refresh_token":"legacy-one"}',
        '{"client_id":"old-shop","subject":"u1","scope":"z","refresh_token":"legacy-two"}',
      ].join('\n'),
    );
    for (const [kind, file, problems] of [
      ['client', clients, ['line 2: is not a JSON object', 'line 3: ']],
      ['family', families, ['line 2: scope must be within the scopes of the client']],
    ] as const) {
      const first = await run('--json', kind, 'import', file);
      expect([first.exitCode, JSON.parse(first.stdout)]).toEqual([
        1,
        { created: 1, exists: 0, invalid: problems.length },
      ]);
      for (const problem of problems) expect(first.stderr).toContain(problem);
      expect(JSON.parse((await run('--json', kind, 'import', file)).stdout)).toMatchObject({ created: 0, exists: 1 });
    }
    const old: TestClient = { clientId: 'old-shop', secret: 'short', method: 'client_secret_basic' };
    expect((await refresh(app, old, 'legacy-one')).status).toBe(200);
    expect((await json('client', 'list-secrets', 'old-shop')).items).toMatchObject([{ imported: true }]);
  });

  it('a subject is disabled and enabled', async () => {
    await startFamily(app, await confidentialClient(app), { subject: 'carl' });
    expect(await json('subject', 'disable', 'carl')).toEqual({ subject: 'carl', disabled: true });
    expect(await json('subject', 'show', 'carl')).toEqual({ subject: 'carl', disabled: true });
    expect(await json('subject', 'enable', 'carl')).toEqual({ subject: 'carl', disabled: false });
  });
});

it('scope create, list, show, update and delete work', async () => {
  const texts = { en: 'See your orders', 'zh-Hant': '查看您的訂單' };
  const options = ['--claim', 'region', 'groups', '--into', 'access_token', '--audience', 'https://orders.example'];
  const created = await json(
    'scope',
    'create',
    'orders',
    '--text',
    texts.en,
    '--text-zh',
    texts['zh-Hant'],
    ...options,
  );
  expect(created).toMatchObject({
    name: 'orders',
    texts,
    claims: ['region', 'groups'],
    audience: 'https://orders.example',
  });
  expect(rowsOf((await run('scope', 'list')).stdout)).toContainEqual({
    NAME: 'orders',
    CLAIMS: 'region groups',
    INTO: 'access_token',
    AUDIENCE: 'https://orders.example',
  });
  const changed = await json('scope', 'update', 'orders', '--text', 'Orders', '--no-audience');
  expect(changed).toMatchObject({ texts: { ...texts, en: 'Orders' }, claims: ['region', 'groups'] });
  expect(changed).not.toHaveProperty('audience');
  expect(await json('scope', 'show', 'orders')).toEqual(changed);
  expect(await run('scope', 'delete', 'orders')).toMatchObject({ exitCode: 1, stdout: '' });
  expect((await run('scope', 'delete', 'orders', '--yes')).stdout).toBe('Deleted orders.\n');
  expect((await run('scope', 'show', 'orders')).exitCode).toBe(1);
});

describe('key', () => {
  it('keys are listed, rotated and retired', async () => {
    const [signing] = (await json('key', 'list')).items;
    expect(signing.state).toBe('signing');
    const [change] = rowsOf((await run('key', 'rotate', '--immediately')).stdout);
    expect(change).toMatchObject({ CHANGE: 'signing_key_created' });
    app.clock.advance(1);
    const others = rowsOf((await run('key', 'rotate', '--algorithm', 'RS256')).stdout);
    expect(others.map((row) => row['ALGORITHM'])).toEqual(['RS256']);
    expect((await run('key', 'retire', signing.kid)).stdout).toBe(`Retired ${signing.kid}.\n`);
    app.clock.advance(1);
    expect((await json('key', 'list')).items).toContainEqual(
      expect.objectContaining({ kid: signing.kid, state: 'retired' }),
    );
  });
});

it('a key id may begin with a hyphen and is not taken for an option', async () => {
  const { exitCode, stderr } = await run('key', 'retire', '-38zYAElweHy2ogVEjKRFC5UrVU3fNgS2BgST4lf08A');
  expect(exitCode).toBe(1);
  expect(stderr).not.toContain('option');
});

describe('an error', () => {
  it('an error goes to stderr with the server’s message and every field, and the exit code is 1', async () => {
    const { exitCode, stdout, stderr } = await run(
      'client',
      'create',
      '--name',
      'x',
      '--rotation',
      'sometimes',
      '--auth-method',
      'x',
    );
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' });
    expect(stderr).toContain('refresh.rotation: ');
    expect(stderr).toContain('token_endpoint_auth_method: ');
    expect(stderr).not.toMatch(/\n\s+at /);
  });

  it.each([
    [['client', 'show', 'nobody'], 'There is no such resource'],
    [['family', 'show', 'x'], 'There is no such resource'],
    [['revoke', 'everything', '--reason', 'x'], 'kind'],
    [['client', 'list', '--limit', '0'], 'limit'],
    [['client', 'create', '--name', 'x', '--token-ttl', 'long'], 'whole number'],
    [['client', 'create'], '--name'],
    [['revoke', 'all'], '--reason'],
    [['nonsense'], 'unknown command'],
    [['client', 'list', '--nonsense'], 'unknown option'],
  ])('an error is shown and exits with 1: %j', async (args, words) => {
    const { exitCode, stdout, stderr } = await run(...args);
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' });
    expect(stderr).toContain(words);
  });

  it('wrong credentials are reported without their values', async () => {
    const environment = {
      REKEY_URL: app.url,
      REKEY_ADMIN_CLIENT_ID: operator.clientId,
      REKEY_ADMIN_CLIENT_SECRET: 'wrong-canary',
    };
    const { exitCode, stderr } = await line.run(['client', 'list'], environment);
    expect(exitCode).toBe(1);
    expect(stderr).toContain('No access token for the admin client: Client authentication failed.');
    expect(stderr).not.toContain('wrong-canary');
  });

  it('a client without the admin scope is reported', async () => {
    const { clientId, secret } = await confidentialClient(app);
    const environment = { REKEY_URL: app.url, REKEY_ADMIN_CLIENT_ID: clientId, REKEY_ADMIN_CLIENT_SECRET: secret! };
    const { exitCode, stderr } = await line.run(['client', 'list'], environment);
    expect(exitCode).toBe(1);
    expect(stderr).toContain('scope');
  });

  it('an unreachable server is reported', async () => {
    const environment = { REKEY_URL: 'http://127.0.0.1:1', REKEY_ADMIN_CLIENT_ID: 'x', REKEY_ADMIN_CLIENT_SECRET: 'y' };
    const { exitCode, stderr } = await line.run(['client', 'list'], environment);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/^http:\/\/127\.0\.0\.1:1 does not answer \(.*\)\. REKEY_URL says where Rekey is\.\n$/);
  });

  it('missing credentials are reported', async () => {
    const { exitCode, stderr } = await line.run(['client', 'list'], { REKEY_URL: app.url, REKEY_DATA_DIR: dataDir });
    expect(exitCode).toBe(1);
    expect(stderr).toContain('REKEY_ADMIN_CLIENT_ID');
  });
});

describe('the credentials', () => {
  it('without credentials in the environment, those of the embedded server are used', async () => {
    writeCredentials(dataDir, { adminClientId: operator.clientId, adminClientSecret: operator.secret });
    const { exitCode, stdout } = await line.run(['client', 'list'], { REKEY_URL: app.url, REKEY_DATA_DIR: dataDir });
    expect(exitCode).toBe(0);
    expect(stdout).toContain(operator.clientId);
  });

  it('credentials may have characters that Basic must encode', async () => {
    const odd = await confidentialClient(
      app,
      { grantTypes: ['client_credentials'], scopes: ['rekey:admin'] },
      { clientId: '1PpG/Q 1:ü', secret: 'z/tZ9VwFZqApmIQ+ZH1I5pLk/uB4ud:X2/8bL+wfFTt1rFw=%' },
    );
    const environment = {
      REKEY_URL: `${app.url}/`,
      REKEY_ADMIN_CLIENT_ID: odd.clientId,
      REKEY_ADMIN_CLIENT_SECRET: odd.secret!,
    };
    const { exitCode, stdout } = await line.run(['client', 'show', odd.clientId], environment);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^client_id +1PpG\/Q 1:ü$/m);
  });
});

describe('migrate', () => {
  it('migrate has nothing to do for an embedded server and leaves its data unchanged', async () => {
    const untouched = join(dataDir, 'untouched');
    const { exitCode, stdout } = await line.run(['migrate'], { REKEY_DATA_DIR: untouched });
    expect(exitCode).toBe(0);
    expect(stdout).toContain('no DATABASE_URL');
    expect(existsSync(untouched)).toBe(false);
  });

  it('migrate reports invalid settings', async () => {
    const { exitCode, stderr } = await line.run(['migrate'], { DATABASE_URL: 'mysql://127.0.0.1/x' });
    expect(exitCode).toBe(1);
    expect(stderr).toContain('DATABASE_URL must be');
    expect(stderr).not.toMatch(/\n\s+at /);
  });
});

it('the help lists all commands', async () => {
  const { exitCode, stdout } = await line.run(['--help']);
  expect(exitCode).toBe(0);
  for (const command of ['client', 'family', 'revoke', 'audit', 'key', 'subject', 'migrate', 'REKEY_URL']) {
    expect(stdout).toContain(command);
  }
});

it('says its version, the one of the package', async () => {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
  expect(await line.run(['--version'])).toEqual({ exitCode: 0, stdout: `${version}\n`, stderr: '' });
});
