/**
 * A real Redis for a test, without persistence: after a kill or restart it is empty, on the same port.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findProgram, freePort, ServerProcess, watchOver } from './server-process.js';

export class RedisServer {
  private constructor(
    private readonly directory: string,
    readonly port: number,
    private process: ServerProcess,
    private readonly unwatch: () => void,
    private readonly settings: Readonly<Record<string, string>>,
  ) {}

  /** @param settings as in redis.conf */
  static async start(settings: Readonly<Record<string, string>> = {}): Promise<RedisServer> {
    const directory = mkdtempSync(join(tmpdir(), 'rekey-redis-'));
    const unwatch = watchOver(directory);
    const port = await freePort();
    return new RedisServer(directory, port, await launch(directory, port, settings), unwatch, settings);
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  get pid(): number {
    return this.process.pid;
  }

  async kill(): Promise<void> {
    await this.process.end('SIGKILL');
  }

  /** Freezes Redis; the kernel still accepts connections and bytes for it. */
  pause(): void {
    this.process.signal('SIGSTOP');
  }

  resume(): void {
    this.process.signal('SIGCONT');
  }

  async restart(): Promise<void> {
    await this.#shutDown();
    this.process = await launch(this.directory, this.port, this.settings);
  }

  async stop(): Promise<void> {
    await this.#shutDown();
    this.unwatch();
    rmSync(this.directory, { recursive: true, force: true });
  }

  async #shutDown(): Promise<void> {
    this.resume();
    await this.process.end('SIGTERM');
  }
}

function launch(directory: string, port: number, settings: Readonly<Record<string, string>>): Promise<ServerProcess> {
  const all = {
    port: String(port),
    bind: '127.0.0.1',
    dir: directory,
    save: '',
    appendonly: 'no',
    daemonize: 'no',
    ...settings,
  };
  return ServerProcess.start(
    {
      file: findProgram('redis-server', [], 'redis-server'),
      args: Object.entries(all).flatMap(([name, value]) => [`--${name}`, value]),
      ready: /Ready to accept connections/,
    },
    directory,
  );
}
