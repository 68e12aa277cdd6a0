/** Reads a file of JSON objects, one per line, in batches of the size that the admin API accepts. The file may exceed memory. */

import { isUtf8 } from 'node:buffer';
import { isTooDeep, MAX_LEVELS } from '../platform/http/nesting.js';

interface Line {
  /** From 1. */
  readonly number: number;
  readonly item: object;
}

export type Batch = readonly Line[];

/** The server accepts 16 KB. */
export const MAX_BATCH_BYTES = 15_000;
const MAX_BATCH_ITEMS = 200;

/**
 * @param lines the bytes of each line, as Latin-1 characters, because a UTF-8 reader would replace invalid bytes
 * @param fail called for invalid lines; the others are in the batches, in order
 */
export async function* batchesOf(
  lines: AsyncIterable<string>,
  fail: (lineNumber: number, problem: string) => void,
): AsyncGenerator<Batch> {
  let batch: Line[] = [];
  let bytes = 0;
  let number = 0;
  for await (const bytesOfLine of lines) {
    number += 1;
    const encoded = Buffer.from(bytesOfLine, 'latin1');
    if (!isUtf8(encoded)) {
      fail(number, 'is not UTF-8');
      continue;
    }
    const text = encoded.toString();
    const line = number === 1 ? text.replace(/^\ufeff/, '') : text;
    if (line.trim() === '') continue;
    const item = parsed(line);
    if (!item || isTooDeep(item)) {
      fail(number, item ? `has more than ${MAX_LEVELS} levels` : 'is not a JSON object');
      continue;
    }
    const size = Buffer.byteLength(JSON.stringify(item)) + 1;
    if (size > MAX_BATCH_BYTES) {
      fail(number, `has more than ${MAX_BATCH_BYTES} bytes`);
      continue;
    }
    if (batch.length === MAX_BATCH_ITEMS || bytes + size > MAX_BATCH_BYTES) {
      yield batch;
      [batch, bytes] = [[], 0];
    }
    batch.push({ number, item });
    bytes += size;
  }
  if (batch.length > 0) yield batch;
}

function parsed(line: string): object | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
