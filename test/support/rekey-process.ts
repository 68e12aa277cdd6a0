/**
 * The service as a process of its own, as an operator runs it: it is started, asked over HTTP, and killed. What it writes is
 * kept. It cannot outlive the process that started it (see `server-process.ts`).
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { TestClient } from './clients.js';
import { freePort, watchOver } from './server-process.js';

export interface RekeyOptions {
  /** Absent: the embedded database. */
  readonly databaseUrl?: string | undefined;
  readonly redisUrl?: string | undefined;
  readonly port?: number | undefined;
  /** Additional or different settings; undefined removes one. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** The admin client of every replica. */
export const FIRST_ADMIN: TestClient = {
  clientId: 'admin',
  secret: 'first-admin-secret-0123456789-abcdefghij',
  method: 'client_secret_basic',
};

const SETTINGS = {
  NODE_ENV: 'development',
  REKEY_DRAIN_SECONDS: '0',
  REKEY_SECRET: 'replica-master-key-0123456789-abcdefghijk',
  REKEY_ISSUER: 'http://rekey.test',
  REKEY_ADMIN_CLIENT_ID: FIRST_ADMIN.clientId,
  REKEY_ADMIN_CLIENT_SECRET: FIRST_ADMIN.secret ?? '',
};

/** Built before the tests run (`build-service.js`). */
const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));

const START_MS = 60_000;
const STOP_MS = 30_000;

export class RekeyProcess {
  readonly url: string;
  readonly exited: Promise<Exit>;
  #output = '';

  private constructor(
    private readonly child: ChildProcess,
    private readonly options: RekeyOptions & { readonly port: number },
    private readonly directory: string,
    unwatch: () => void,
  ) {
    this.url = `http://127.0.0.1:${options.port}`;
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => (this.#output += text));
    }
    this.exited = new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code, signal) => {
        unwatch();
        rmSync(this.directory, { recursive: true, force: true });
        resolve({ code, signal });
      });
    });
  }

  /** Waits until it is ready. @throws Error with its output if it exits instead */
  static async start(options: RekeyOptions): Promise<RekeyProcess> {
    const process = await RekeyProcess.launch(options);
    await process.ready();
    return process;
  }

  /** Does not wait; for a process that may not come up. */
  static async launch(options: RekeyOptions): Promise<RekeyProcess> {
    const port = options.port ?? (await freePort());
    const directory = mkdtempSync(join(tmpdir(), 'rekey-process-'));
    const unwatch = watchOver(directory);
    const child = spawn(process.execPath, ['--enable-source-maps', MAIN], {
      cwd: directory,
      env: { ...environmentOf(options), PORT: String(port) },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    writeFileSync(join(directory, 'watched.pid'), String(child.pid ?? ''));
    return new RekeyProcess(child, { ...options, port }, directory, unwatch);
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  /** With `REKEY_PROCESSES`: those that serve, or start to. */
  get workers(): number[] {
    return readFileSync(`/proc/${this.pid}/task/${this.pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
  }

  /** Of a file below its working directory. */
  path(name: string): string {
    return join(this.directory, name);
  }

  /** Everything that it has written so far. */
  get output(): string {
    return this.#output;
  }

  get isRunning(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  async ready(): Promise<void> {
    const giveUpAt = performance.now() + START_MS;
    while (!(await this.answers('/health/ready'))) {
      if (!this.isRunning) throw new Error(`Rekey ended before it was ready:\n${this.#output}`);
      if (performance.now() > giveUpAt) throw new Error(`Rekey did not get ready:\n${this.#output}`);
      await sleep(30);
    }
  }

  async answers(path: string): Promise<boolean> {
    try {
      const response = await fetch(this.url + path, { signal: AbortSignal.timeout(5000) });
      await response.arrayBuffer();
      return response.ok;
    } catch {
      return false;
    }
  }

  /** Simulates a crash. */
  kill(): Promise<Exit> {
    this.child.kill('SIGKILL');
    return this.exited;
  }

  /** Stops it like an orchestrator: SIGTERM, and SIGKILL after half a minute. */
  async stop(): Promise<Exit> {
    this.child.kill('SIGTERM');
    const insist = setTimeout(() => this.child.kill('SIGKILL'), STOP_MS);
    try {
      return await this.exited;
    } finally {
      clearTimeout(insist);
    }
  }

  /** Starts another process at the same address once this one is gone. @param options settings to change */
  async startAgain(options: Partial<RekeyOptions> = {}): Promise<RekeyProcess> {
    await this.exited;
    return RekeyProcess.start({ ...this.options, ...options });
  }

  get residentBytes(): number {
    const status = readFileSync(`/proc/${this.pid}/status`, 'utf8');
    return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? NaN) * 1024;
  }
}

function environmentOf({ databaseUrl, redisUrl, env }: RekeyOptions): NodeJS.ProcessEnv {
  return {
    PATH: process.env.PATH ?? '',
    ...SETTINGS,
    DATABASE_URL: databaseUrl,
    REDIS_URL: redisUrl,
    ...env,
  };
}
