/**
 * A server that a test starts: a real process on loopback with its own directory. It cannot outlive the process
 * that started it, however that one ends: a small shell waits on a pipe from us, and when the pipe closes it kills the
 * server and removes the directory. (Exit handlers would not do: they do not run when a test worker is killed.)
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export interface ServerCommand {
  readonly file: string;
  readonly args: readonly string[];
  /** The server's output when it accepts connections. */
  readonly ready: RegExp;
  readonly user?: { readonly uid: number; readonly gid: number } | undefined;
}

const START_MS = 90_000;
const STOP_MS = 10_000;

export class ServerProcess {
  #output = '';

  private constructor(
    private readonly child: ChildProcess,
    private readonly pidFile: string,
    private readonly exited: Promise<void>,
  ) {}

  /** @param directory watched by `watchOver` */
  static async start(command: ServerCommand, directory: string): Promise<ServerProcess> {
    const child = spawn(command.file, command.args, {
      cwd: directory,
      stdio: ['ignore', 'pipe', 'pipe'],
      ...command.user,
    });
    const exited = new Promise<void>((resolve) => child.once('close', () => resolve()).once('error', () => resolve()));
    const server = new ServerProcess(child, join(directory, 'watched.pid'), exited);
    writeFileSync(server.pidFile, String(child.pid ?? ''));
    await server.#ready(command);
    child.unref();
    return server;
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  /** Signals the server and its child processes; each PostgreSQL connection is one. */
  signal(name: NodeJS.Signals): void {
    for (const pid of this.#family()) sendSignal(pid, name);
  }

  /** Sends the signal, kills after ten seconds, and resolves when no process of the server runs any more. */
  async end(name: NodeJS.Signals): Promise<void> {
    const family = this.#family();
    if (name === 'SIGKILL') family.forEach((pid) => sendSignal(pid, name));
    else this.child.kill(name);
    const insist = setTimeout(() => this.signal('SIGKILL'), STOP_MS);
    await this.exited;
    clearTimeout(insist);
    while (family.some(isRunning)) await sleep(5);
    if (existsSync(this.pidFile)) writeFileSync(this.pidFile, '');
  }

  async #ready({ file, ready }: ServerCommand): Promise<void> {
    const started = new Promise<void>((resolve, reject) => {
      const listen = (chunk: Buffer) => {
        this.#output = (this.#output + chunk.toString()).slice(-4000);
        if (ready.test(this.#output)) resolve();
      };
      for (const stream of [this.child.stdout, this.child.stderr]) {
        stream?.on('data', listen);
        (stream as unknown as { unref(): void } | null)?.unref();
      }
      this.child.once('error', reject);
      void this.exited.then(() => reject(new Error(`${file} ended before it was ready:\n${this.#output}`)));
    });
    const impatient = setTimeout(() => this.signal('SIGKILL'), START_MS);
    await started.finally(() => clearTimeout(impatient));
  }

  #family(): number[] {
    const children = readIfThere(`/proc/${this.pid}/task/${this.pid}/children`);
    return [this.pid, ...children.split(' ').filter(Boolean).map(Number)];
  }
}

/** @returns a function that ends the watch, after the directory was removed normally */
export function watchOver(directory: string): () => void {
  const script = `read -r _
    for pid in $(cat "$1/watched.pid"); do kill -KILL "$pid" $(cat "/proc/$pid/task/$pid/children"); done
    rm -rf "$1"`;
  const watch = spawn('/bin/sh', ['-c', script, 'watch', directory], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  watch.unref();
  (watch.stdin as unknown as { unref(): void }).unref();
  return () => void watch.kill('SIGKILL');
}

/**
 * Below the kernel's range of outgoing ports: otherwise a client that keeps connecting to a stopped server could get that very
 * port, and the server could not start on it again.
 */
export async function freePort(): Promise<number> {
  const port = randomInt(20_000, 32_000);
  const server = createServer();
  try {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return port;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    return freePort();
  } finally {
    server.close();
  }
}

/** @throws Error that names the Debian package if the program is not installed */
export function findProgram(name: string, places: readonly string[], debianPackage: string): string {
  const paths = [...places, ...(process.env.PATH ?? '').split(delimiter)];
  const found = paths.map((path) => join(path, name)).find((path) => existsSync(path));
  if (!found)
    throw new Error(
      `${name} was not found: install the Debian package "${debianPackage}" (apt-get install ${debianPackage})`,
    );
  return found;
}

function sendSignal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** A zombie does not count, because it holds no resources. */
function isRunning(pid: number): boolean {
  const stat = readIfThere(`/proc/${pid}/stat`);
  return stat !== '' && !/\) [ZX] /.test(stat);
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
