/** Sends the lines of a file to an import of the admin API and reports the lines that failed. */
import { open } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { AlreadyThere, CliError, RequestRefused } from './cli-error.js';
import type { Terminal } from './terminal.js';
import { batchesOf, type Batch } from './import-file.js';

interface Imported {
  readonly result: 'created' | 'exists' | 'invalid';
  readonly errors?: readonly { readonly detail: string }[];
}

type NumberedLine = Imported & { readonly number: number };

interface Answer {
  readonly results: readonly (Imported & { readonly index: number })[];
}

export type ImportedKind = 'clients' | 'users' | 'families';

/** @param file the file's name, or `-` for standard input @throws CliError */
export async function importLines(kind: ImportedKind, file: string, terminal: Terminal): Promise<void> {
  const counts = { created: 0, exists: 0, invalid: 0 };
  const fail = (lineNumber: number, problem: string): void => {
    counts.invalid += 1;
    terminal.say(`line ${lineNumber}: ${problem}`);
  };
  for await (const batch of batchesOf(await linesOf(file), fail)) {
    for await (const { number, result, errors = [] } of send(kind, batch, terminal)) {
      if (result === 'invalid') fail(number, errors.map(({ detail }) => detail).join('; '));
      else counts[result] += 1;
    }
  }
  terminal.show(counts);
  if (counts.invalid > 0) process.exitCode = 1;
}

async function* send(kind: ImportedKind, batch: Batch, terminal: Terminal): AsyncGenerator<NumberedLine, void> {
  if (kind === 'clients') return yield* sendEach(kind, batch, terminal);
  try {
    const items = batch.map(({ item }) => item);
    const { results } = await terminal.api.post<Answer>(`/${kind}/import`, { [kind]: items });
    for (const { index, ...line } of results) yield { ...line, number: batch[index]!.number };
  } catch (error) {
    if (error instanceof RequestRefused) return yield* halved(kind, batch, error, terminal);
    if (!(error instanceof CliError)) throw error;
    throw new CliError(
      `${error.message}\nStopped at line ${batch[0]!.number}. Import the file again: what exists already is left unchanged.`,
    );
  }
}

/** For objects that the admin API creates one by one. */
async function* sendEach(kind: ImportedKind, batch: Batch, terminal: Terminal): AsyncGenerator<NumberedLine, void> {
  for (const { item, number } of batch) {
    try {
      await terminal.api.post(`/${kind}`, item);
      yield { number, result: 'created' };
    } catch (error) {
      if (error instanceof AlreadyThere) yield { number, result: 'exists' };
      else if (error instanceof RequestRefused)
        yield { number, result: 'invalid', errors: [{ detail: error.message }] };
      else throw error;
    }
  }
}

/** A single line, for example with a key `__proto__`, can get the whole request refused, so the others are sent without it. */
async function* halved(
  kind: ImportedKind,
  batch: Batch,
  { message }: RequestRefused,
  terminal: Terminal,
): AsyncGenerator<NumberedLine, void> {
  if (batch.length === 1) {
    yield { number: batch[0]!.number, result: 'invalid', errors: [{ detail: message }] };
    return;
  }
  const middle = Math.ceil(batch.length / 2);
  yield* send(kind, batch.slice(0, middle), terminal);
  yield* send(kind, batch.slice(middle), terminal);
}

/** Decoded as Latin-1, as `batchesOf` expects. */
async function linesOf(file: string): Promise<AsyncIterable<string>> {
  if (file === '-') return createInterface({ input: process.stdin.setEncoding('latin1'), crlfDelay: Infinity });
  try {
    const handle = await open(file);
    if ((await handle.stat()).isDirectory()) throw new Error('it is a directory');
    return handle.readLines({ encoding: 'latin1' });
  } catch (error) {
    throw new CliError(`${file} cannot be read: ${(error as NodeJS.ErrnoException).code ?? (error as Error).message}`);
  }
}
