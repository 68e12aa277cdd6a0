import { setImmediate as nextTurn } from 'node:timers/promises';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { Coalescer, type CoalescerOptions } from './coalescer.js';

interface Call {
  readonly entries: readonly string[];
  /** Completes the statement, by default with each entry in capitals. */
  answer(results?: readonly string[]): void;
  fail(error: unknown): void;
}

/** Statements that the test completes, in the order in which they started. */
class Statements {
  readonly calls: Call[] = [];

  readonly run = (entries: readonly string[]): Promise<readonly string[]> =>
    new Promise((resolve, reject) => {
      this.calls.push({
        entries,
        answer: (results = entries.map((entry) => entry.toUpperCase())) => resolve(results),
        fail: reject,
      });
    });

  get batches(): string[] {
    return this.calls.map(({ entries }) => entries.join(''));
  }

  /** Completes the newest one and all that follow, until no more statements start. */
  async answerAll(): Promise<void> {
    for (let done = 0; done < this.calls.length; done++) {
      this.calls[done]!.answer();
      await settled();
    }
  }
}

const settled = async () => {
  for (let turn = 0; turn < 4; turn++) await nextTurn();
};

const sqlError = (code: string) => Object.assign(new Error(`SQLSTATE ${code}`), { code });
const away = () => Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });

describe('Coalescer', () => {
  let statements: Statements;
  const coalescer = (options: Partial<CoalescerOptions<string, string>> = {}) =>
    new Coalescer<string, string>({ run: statements.run, maxEntries: 3, maxInFlight: 1, ...options });
  const submitAll = (to: Coalescer<string, string>, entries: string) => [...entries].map((entry) => to.submit(entry));

  beforeEach(() => {
    statements = new Statements();
  });

  describe('batching', () => {
    it('a single request starts in the next turn of the event loop', async () => {
      const answered = coalescer().submit('a');
      await nextTurn();
      expect(statements.batches).toEqual(['a']);
      statements.calls[0]!.answer();
      expect(await answered).toBe('A');
    });

    it('requests of one turn share one statement, and each gets its own answer', async () => {
      const answered = submitAll(coalescer(), 'abc');
      await settled();
      expect(statements.batches).toEqual(['abc']);
      statements.calls[0]!.answer(['1', '2', '3']);
      expect(await Promise.all(answered)).toEqual(['1', '2', '3']);
    });

    it('requests that arrive while all places are taken share a statement as soon as one is free', async () => {
      const batched = coalescer();
      const answered = [...submitAll(batched, 'a')];
      await nextTurn();
      answered.push(...submitAll(batched, 'b'));
      await nextTurn();
      answered.push(...submitAll(batched, 'c'));
      await settled();
      expect(statements.batches).toEqual(['a']);
      await statements.answerAll();
      expect(statements.batches).toEqual(['a', 'bc']);
      expect(await Promise.all(answered)).toEqual(['A', 'B', 'C']);
    });

    it('concurrent statements and entries per statement are limited', async () => {
      const answered = submitAll(coalescer({ maxInFlight: 2 }), 'abcdefgh');
      await settled();
      expect(statements.batches).toEqual(['abc', 'def']);
      await statements.answerAll();
      expect(statements.batches).toEqual(['abc', 'def', 'gh']);
      expect((await Promise.all(answered)).join('')).toBe('ABCDEFGH');
    });

    it('the size of each batch is reported', async () => {
      const sizes: number[] = [];
      void submitAll(coalescer({ onBatch: (size) => sizes.push(size) }), 'abcd');
      await settled();
      await statements.answerAll();
      expect(sizes).toEqual([3, 1]);
    });
  });

  describe('lanes', () => {
    const laneOf = (entry: string) => entry.toLowerCase();

    it('entries of one lane never share a statement, and run in order', async () => {
      const answered = submitAll(coalescer({ laneOf, maxInFlight: 2 }), 'aAbA');
      await settled();
      expect(statements.batches).toEqual(['ab']);
      await statements.answerAll();
      expect(statements.batches).toEqual(['ab', 'A', 'A']);
      expect(await Promise.all(answered)).toHaveLength(4);
    });

    it('a busy lane delays no other one, even with few places', async () => {
      const batched = coalescer({ laneOf, maxInFlight: 2 });
      void submitAll(batched, 'a');
      await settled();
      void submitAll(batched, 'AAAb');
      await settled();
      expect(statements.batches).toEqual(['a', 'b']);
    });

    it('a lane whose statement failed is free again', async () => {
      const batched = coalescer({ laneOf });
      const failed = batched.submit('a');
      await settled();
      statements.calls[0]!.fail(sqlError('22003'));
      await expect(failed).rejects.toThrow('22003');
      const answered = batched.submit('A');
      await settled();
      await statements.answerAll();
      expect(await answered).toBe('A');
    });
  });

  describe('a statement that the server refuses', () => {
    it('a refused statement is run again entry by entry, and only the faulty one fails', async () => {
      const answered = Promise.allSettled(submitAll(coalescer(), 'abc'));
      await settled();
      statements.calls[0]!.fail(sqlError('22003'));
      await settled();
      statements.calls[1]!.answer();
      await settled();
      statements.calls[2]!.fail(sqlError('22003'));
      await settled();
      statements.calls[3]!.answer();
      expect(await answered).toMatchObject([
        { status: 'fulfilled', value: 'A' },
        { status: 'rejected', reason: { code: '22003' } },
        { status: 'fulfilled', value: 'C' },
      ]);
      expect(statements.batches).toEqual(['abc', 'a', 'b', 'c']);
    });

    it('a refused statement does not delay later entries for good', async () => {
      const batched = coalescer();
      const failed = batched.submit('a');
      await settled();
      const later = batched.submit('b');
      statements.calls[0]!.fail(sqlError('22003'));
      await expect(failed).rejects.toThrow();
      await settled();
      statements.calls[1]!.answer();
      expect(await later).toBe('B');
    });

    it('a statement with an unknown outcome is not run again', async () => {
      const answered = Promise.allSettled(submitAll(coalescer(), 'ab'));
      await settled();
      statements.calls[0]!.fail(new TypeError('a fault of ours'));
      expect((await answered).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
      expect(statements.batches).toEqual(['ab']);
    });
  });

  describe('[88] a serialization failure or a deadlock', () => {
    it.each(['40001', '40P01'])('%s is retried unchanged without an error', async (code) => {
      const answered = submitAll(coalescer(), 'ab');
      await settled();
      for (const attempt of [0, 1, 2]) {
        statements.calls[attempt]!.fail(sqlError(code));
        await settled();
      }
      statements.calls[3]!.answer();
      expect(await Promise.all(answered)).toEqual(['A', 'B']);
      expect(statements.batches).toEqual(['ab', 'ab', 'ab', 'ab']);
    });

    it('a statement is retried four times at most, then entry by entry', async () => {
      const answered = Promise.allSettled(submitAll(coalescer(), 'ab'));
      await settled();
      for (let attempt = 0; attempt < 8; attempt++) {
        statements.calls[attempt]!.fail(sqlError('40P01'));
        await settled();
      }
      await statements.answerAll();
      expect(statements.batches).toEqual([...Array<string>(4).fill('ab'), ...Array<string>(4).fill('a'), 'b']);
      expect((await answered).map(({ status }) => status)).toEqual(['rejected', 'fulfilled']);
    });
  });

  describe('a database that is away', () => {
    it.each([
      ['the network', away],
      ['a shutdown', () => sqlError('57P01')],
      ['a statement that took too long', () => sqlError('57014')],
      ['no more connections', () => sqlError('53300')],
    ])('a database that is away fails the statement and the waiting entries at once: %s', async (_what, error) => {
      const answered = Promise.allSettled(submitAll(coalescer(), 'abcdef'));
      await settled();
      statements.calls[0]!.fail(error());
      expect((await answered).every(({ status }) => status === 'rejected')).toBe(true);
      expect(statements.batches).toEqual(['abc']);
    });

    it('a database that is away is tried again by the next request', async () => {
      const batched = coalescer();
      const failed = batched.submit('a');
      await settled();
      statements.calls[0]!.fail(away());
      await expect(failed).rejects.toThrow('ECONNREFUSED');
      const answered = batched.submit('b');
      await settled();
      statements.calls[1]!.answer();
      expect(await answered).toBe('B');
    });

    it('a database that goes away during entry by entry fails the rest at once', async () => {
      const answered = Promise.allSettled(submitAll(coalescer(), 'abc'));
      await settled();
      statements.calls[0]!.fail(sqlError('22003'));
      await settled();
      statements.calls[1]!.fail(away());
      expect((await answered).every(({ status }) => status === 'rejected')).toBe(true);
      expect(statements.batches).toEqual(['abc', 'a']);
    });
  });
});
