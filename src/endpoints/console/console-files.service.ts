import { Injectable } from '@nestjs/common';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface ConsoleFile {
  readonly type: string;
  readonly plain: Buffer;
  /** Absent for what is compressed already. */
  readonly gzip: Buffer | undefined;
}

const TYPES: Readonly<Record<string, string>> = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.svg': 'image/svg+xml',
};

const DIRECTORY = fileURLToPath(new URL('../../../console/dist', import.meta.url));

/** The built console (`npm run build`), read once: a request names a file of this list, and no path of the machine. */
@Injectable()
export class ConsoleFiles {
  private files: ReadonlyMap<string, ConsoleFile> | undefined;

  /** @param name like `assets/index-abc.js` @returns undefined if there is no such file */
  find(name: string): ConsoleFile | undefined {
    return (this.files ??= read()).get(name);
  }
}

function read(): ReadonlyMap<string, ConsoleFile> {
  if (!existsSync(DIRECTORY)) return new Map(); // not built
  const names = readdirSync(DIRECTORY, { recursive: true, encoding: 'utf8' }).map((name) => name.replaceAll('\\', '/'));
  const files = names.flatMap((name): [string, ConsoleFile][] => {
    const type = TYPES[extname(name)];
    if (type === undefined) return [];
    const gzip = names.includes(`${name}.gz`) ? readFileSync(join(DIRECTORY, `${name}.gz`)) : undefined;
    return [[name, { type, plain: readFileSync(join(DIRECTORY, name)), gzip }]];
  });
  return new Map(files);
}
