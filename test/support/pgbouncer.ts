/** A real PgBouncer for a test, in front of a PostgreSQL database. */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { serverUser } from './postgres-server.js';
import { findProgram, freePort, ServerProcess, watchOver } from './server-process.js';

export class PgBouncer {
  private constructor(
    private readonly directory: string,
    private readonly port: number,
    private readonly database: URL,
    private process: ServerProcess,
    private readonly unwatch: () => void,
  ) {}

  /** @param settings as in the section `[pgbouncer]` of pgbouncer.ini */
  static async start(databaseUrl: string, settings: Readonly<Record<string, string>>): Promise<PgBouncer> {
    const directory = mkdtempSync(join(tmpdir(), 'rekey-pgbouncer-'));
    chmodSync(directory, 0o755); // it does not run as root
    const unwatch = watchOver(directory);
    const [port, database] = [await freePort(), new URL(databaseUrl)];
    const all = {
      listen_addr: '127.0.0.1',
      listen_port: String(port),
      unix_socket_dir: '',
      auth_type: 'any',
      default_pool_size: '4',
      ...settings,
    };
    const name = database.pathname.slice(1);
    const lines = [
      '[databases]',
      `${name} = host=${database.hostname} port=${database.port} dbname=${name} user=${database.username}`,
      '[pgbouncer]',
      ...Object.entries(all).map(([key, value]) => `${key} = ${value}`),
    ];
    writeFileSync(join(directory, 'pgbouncer.ini'), `${lines.join('\n')}\n`);
    return new PgBouncer(directory, port, database, await launch(directory), unwatch);
  }

  /** Of the database, through PgBouncer. */
  get url(): string {
    const url = new URL(this.database);
    url.host = `127.0.0.1:${this.port}`;
    return url.href;
  }

  kill(): Promise<void> {
    return this.process.end('SIGKILL');
  }

  async startAgain(): Promise<void> {
    this.process = await launch(this.directory);
  }

  async stop(): Promise<void> {
    await this.process.end('SIGINT');
    this.unwatch();
    rmSync(this.directory, { recursive: true, force: true });
  }
}

const launch = (directory: string): Promise<ServerProcess> =>
  ServerProcess.start(
    {
      file: findProgram('pgbouncer', ['/usr/sbin'], 'pgbouncer'),
      args: [join(directory, 'pgbouncer.ini')],
      ready: /process up/,
      user: serverUser(),
    },
    directory,
  );
