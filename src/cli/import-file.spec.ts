import { describe, expect, it } from '@jest/globals';
import { batchesOf, MAX_BATCH_BYTES, type Batch } from './import-file.js';

async function read(lines: readonly string[]): Promise<{ batches: Batch[]; failures: [number, string][] }> {
  async function* each() {
    for (const line of lines) yield Buffer.from(line).toString('latin1');
  }
  const [batches, failures]: [Batch[], [number, string][]] = [[], []];
  for await (const batch of batchesOf(each(), (number, problem) => failures.push([number, problem])))
    batches.push(batch);
  return { batches, failures };
}

describe('a file of users', () => {
  it('a file is read in batches that the server accepts, in order, with line numbers', async () => {
    const lines = Array.from({ length: 1000 }, (_, index) =>
      JSON.stringify({ username: `user${index}`, pad: 'é'.repeat(40) }),
    );
    const { batches, failures } = await read(lines);
    expect(failures).toEqual([]);
    expect(batches.flat().map(({ number }) => number)).toEqual(lines.map((_, index) => index + 1));
    expect(batches.flat().map(({ item }) => JSON.stringify(item))).toEqual(lines);
    for (const batch of batches) {
      expect(batch.length).toBeLessThanOrEqual(200);
      expect(Buffer.byteLength(JSON.stringify(batch.map(({ item }) => item)))).toBeLessThanOrEqual(MAX_BATCH_BYTES + 1);
    }
    expect(batches.length).toBeLessThan(12);
  });

  it('a batch has at most 200 users, however short they are', async () => {
    const { batches } = await read(new Array<string>(401).fill('{}'));
    expect(batches.map((batch) => batch.length)).toEqual([200, 200, 1]);
  });

  it('a file may have empty lines and begin with a byte order mark', async () => {
    const { batches, failures } = await read(['\ufeff{"username":"a"}', '', '  ', '{"username":"b"}']);
    expect(failures).toEqual([]);
    expect(batches.flat().map(({ number }) => number)).toEqual([1, 4]);
  });

  it('invalid lines are reported, and the others are read', async () => {
    const long = JSON.stringify({ username: 'x'.repeat(MAX_BATCH_BYTES) });
    const { batches, failures } = await read([
      '{"username":"a"}',
      'no json',
      '[]',
      'null',
      '"a"',
      long,
      `{"a":${'['.repeat(500_000)}${']'.repeat(500_000)}}`,
      '{"username":"b"}',
    ]);
    expect(failures).toEqual([
      [2, 'is not a JSON object'],
      [3, 'is not a JSON object'],
      [4, 'is not a JSON object'],
      [5, 'is not a JSON object'],
      [6, 'has more than 15000 bytes'],
      [7, 'has more than 32 levels'],
    ]);
    expect(batches.flat().map(({ number }) => number)).toEqual([1, 8]);
  });

  it('a file may be empty', async () => {
    expect(await read([])).toEqual({ batches: [], failures: [] });
  });
});
