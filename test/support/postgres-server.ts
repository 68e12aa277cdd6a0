/**
 * A real PostgreSQL for a test, with default durability: fsync is on, and only memory is tuned. Databases are created per test
 * file. `kill` is a crash (SIGKILL to all its processes); `restart` brings it back on the same port and files.
 */
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chownSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { findProgram, freePort, ServerProcess, watchOver } from './server-process.js';

const DEBIAN_ROOT = '/usr/lib/postgresql';

export class PostgresServer {
  private constructor(
    private readonly directory: string,
    private readonly port: number,
    private process: ServerProcess,
    private readonly unwatch: () => void,
  ) {}

  static async start(): Promise<PostgresServer> {
    const directory = mkdtempSync(join(tmpdir(), 'rekey-postgres-'));
    const unwatch = watchOver(directory);
    const user = serverUser();
    if (user) chownSync(directory, user.uid, user.gid);
    execFileSync(
      program('initdb'),
      ['-D', join(directory, 'data'), '-U', 'postgres', '--auth=trust', '--locale=C', '--encoding=UTF8', '--no-sync'],
      {
        cwd: directory,
        stdio: ['ignore', 'ignore', 'pipe'],
        ...user,
      },
    );
    const port = await freePort();
    return new PostgresServer(directory, port, await launch(directory, port), unwatch);
  }

  get url(): string {
    return `postgres://postgres@127.0.0.1:${this.port}/postgres`;
  }

  get pid(): number {
    return this.process.pid;
  }

  createDatabase(name?: string): Promise<string> {
    return createDatabase(this.url, name);
  }

  async kill(): Promise<void> {
    await this.process.end('SIGKILL');
  }

  /** Freezes the server and its connections; the kernel still accepts connections for it. */
  pause(): void {
    this.process.signal('SIGSTOP');
  }

  resume(): void {
    this.process.signal('SIGCONT');
  }

  async restart(): Promise<void> {
    await this.#shutDown();
    this.process = await launch(this.directory, this.port);
  }

  async stop(): Promise<void> {
    await this.#shutDown();
    this.unwatch();
    rmSync(this.directory, { recursive: true, force: true });
  }

  async #shutDown(): Promise<void> {
    this.resume();
    await this.process.end('SIGINT'); // "fast": open transactions are rolled back, connections closed
  }
}

/** @returns the URL of a new, empty database on the server of that URL */
export async function createDatabase(
  serverUrl: string,
  name = `rekey_${randomBytes(6).toString('hex')}`,
): Promise<string> {
  await administer(serverUrl, `CREATE DATABASE "${name}"`);
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  return url.href;
}

export async function dropDatabase(databaseUrl: string, serverUrl: string): Promise<void> {
  await administer(serverUrl, `DROP DATABASE IF EXISTS "${new URL(databaseUrl).pathname.slice(1)}" WITH (FORCE)`);
}

async function administer(serverUrl: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: serverUrl, connectionTimeoutMillis: 10_000 });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

function launch(directory: string, port: number): Promise<ServerProcess> {
  const settings = [
    'shared_buffers=16MB',
    'deadlock_timeout=200ms', // as in `docs/operations.md`: a second would be longer than the statement timeout
    'recovery_init_sync_method=syncfs', // file by file, a thousand of them take seconds after each kill
    'listen_addresses=127.0.0.1',
    `unix_socket_directories=${directory}`,
  ];
  return ServerProcess.start(
    {
      file: program('postgres'),
      args: ['-D', join(directory, 'data'), '-p', String(port), ...settings.flatMap((setting) => ['-c', setting])],
      ready: /database system is ready to accept connections/,
      user: serverUser(),
    },
    directory,
  );
}

/** Debian installs the server outside PATH, one directory per major version; this uses the newest. */
function program(name: string): string {
  const versions = readdirOrNothing(DEBIAN_ROOT).sort((a, b) => Number(b) - Number(a));
  return findProgram(
    name,
    versions.map((version) => join(DEBIAN_ROOT, version, 'bin')),
    'postgresql',
  );
}

function readdirOrNothing(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

/** PostgreSQL refuses to run as root, so root runs it as the user of the Debian package. */
export function serverUser(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  try {
    const id = (flag: string) =>
      Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }));
    return { uid: id('-u'), gid: id('-g') };
  } catch {
    throw new Error(
      'root may not run PostgreSQL and there is no user "postgres": install the Debian package "postgresql"',
    );
  }
}
