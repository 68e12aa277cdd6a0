import { describe, expect, it } from '@jest/globals';
import { FairQueue } from './fair-queue.js';

function queueOf(places: number, ...entries: string[]): FairQueue<string> {
  const queue = new FairQueue<string>(places);
  for (const entry of entries) expect(queue.push(entry[0]!, entry)).toBeUndefined();
  return queue;
}

function rest(queue: FairQueue<string>): string[] {
  const entries: string[] = [];
  for (let entry = queue.shift(); entry !== undefined; entry = queue.shift()) entries.push(entry);
  return entries;
}

describe('a fair queue', () => {
  it('a single line is first in, first out', () => {
    expect(rest(queueOf(9, 'a1', 'a2', 'a3'))).toEqual(['a1', 'a2', 'a3']);
  });

  it('lines take turns, however long one is', () => {
    expect(rest(queueOf(9, 'a1', 'a2', 'a3', 'b1', 'c1', 'c2'))).toEqual(['a1', 'b1', 'c1', 'a2', 'c2', 'a3']);
  });

  it('a line that comes again after its turn is not preferred', () => {
    const queue = queueOf(9, 'a1', 'a2', 'b1');
    expect(queue.shift()).toBe('a1');
    queue.push('a', 'a3');
    queue.push('c', 'c1');
    expect(rest(queue)).toEqual(['b1', 'a2', 'c1', 'a3']);
  });

  it('the queue reports how many entries wait', () => {
    const queue = queueOf(9, 'a1', 'a2', 'b1');
    expect(queue.size).toBe(3);
    queue.shift();
    expect(queue.size).toBe(2);
    rest(queue);
    expect([queue.size, queue.shift()]).toEqual([0, undefined]);
  });

  describe('a full queue', () => {
    it('a full queue refuses an entry for the longest line, and for one that would become as long', () => {
      const queue = queueOf(4, 'a1', 'a2', 'b1', 'b2');
      expect([queue.push('a', 'a3'), queue.push('b', 'b3')]).toEqual(['a3', 'b3']);
      expect(rest(queue)).toEqual(['a1', 'b1', 'a2', 'b2']);
    });

    it('a full queue drops the last entry of the longest line for another line', () => {
      const queue = queueOf(4, 'a1', 'a2', 'a3', 'a4');
      expect([queue.push('b', 'b1'), queue.push('c', 'c1')]).toEqual(['a4', 'a3']);
      expect(queue.size).toBe(4);
      expect(rest(queue)).toEqual(['a1', 'b1', 'c1', 'a2']);
    });

    it('a full queue drops no line’s only entry', () => {
      const queue = queueOf(2, 'a1', 'b1');
      expect(queue.push('c', 'c1')).toBe('c1');
      expect(rest(queue)).toEqual(['a1', 'b1']);
    });
  });

  it('the queue matches a model over many random operations', () => {
    const queue = new FairQueue<string>(20);
    const waiting = new Set<string>();
    let seed = 1;
    const random = (below: number) => (seed = (seed * 48_271) % 2_147_483_647) % below;
    for (let step = 0; step < 20_000; step++) {
      if (random(5) < 3) {
        const [line, entry] = [`l${random(6)}`, `e${step}`];
        waiting.add(entry);
        const without = queue.push(line, entry);
        if (without !== undefined) expect(waiting.delete(without)).toBe(true);
      } else {
        const next = queue.shift();
        if (next === undefined) expect(waiting.size).toBe(0);
        else expect(waiting.delete(next)).toBe(true);
      }
      expect(queue.size).toBe(waiting.size);
      expect(queue.size).toBeLessThanOrEqual(20);
    }
  });
});
