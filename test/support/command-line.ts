/** Runs the command line, or an example, like an operator: in a separate process with its own environment. */
import { execFile } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { transformFileSync } from '@swc/core';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

export interface CommandResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export class CommandLine {
  private constructor(
    private readonly directory: string,
    private readonly entry: string,
  ) {}

  /** Compiles the current sources, so that no test depends on a build. The output is inside the project, so that node_modules is found. */
  static compile(folder = 'src', entry = 'cli.js'): CommandLine {
    const cache = join(ROOT, 'node_modules/.cache');
    mkdirSync(cache, { recursive: true });
    const directory = mkdtempSync(join(cache, 'rekey-cli-'));
    copyFileSync(join(ROOT, 'package.json'), join(directory, 'package.json'));
    for (const file of readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })) {
      if (!file.endsWith('.ts') || file.endsWith('.spec.ts')) continue;
      const { code } = transformFileSync(join(ROOT, folder, file), { sourceMaps: false });
      const target = join(directory, 'dist', file.replace(/ts$/, 'js'));
      mkdirSync(dirname(target), { recursive: true });
      writeFileSync(target, code);
    }
    return new CommandLine(directory, entry);
  }

  /** @param environment all Rekey settings of the process @param input piped into standard input */
  run(
    args: readonly string[],
    environment: Record<string, string> = {},
    input: string | Buffer = '',
  ): Promise<CommandResult> {
    const inherited = Object.entries(process.env).filter(
      ([name]) => !/^(REKEY_|NODE_|DATABASE_URL$|REDIS_URL$)/.test(name),
    );
    const env = { ...Object.fromEntries(inherited), ...environment };
    return new Promise((resolve) => {
      const command = [join(this.directory, 'dist', this.entry), ...args];
      const child = execFile(process.execPath, command, { env }, (error, stdout, stderr) => {
        resolve({ exitCode: error ? Number(error.code ?? 1) : 0, stdout, stderr });
      });
      // A command that does not read its input may have exited already.
      child.stdin?.on('error', () => undefined).end(input);
    });
  }

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }
}
