import { afterEach, expect, it, jest } from '@jest/globals';
import { FailureCounters } from './failure-counter.service.js';

const WINDOW_SECONDS = 60;

const open = () => new FailureCounters(null).counter({ name: 'test', failures: 3, windowSeconds: WINDOW_SECONDS });

const pass = (seconds: number) => void jest.advanceTimersByTime(seconds * 1000);
afterEach(() => void jest.useRealTimers());

it('a counter tells how many failures a key has left, and when it is free again', async () => {
  jest.useFakeTimers();
  const counter = open();
  const left = [];
  for (let failures = 0; failures < 5; failures += 1) {
    left.push([counter.remaining('a'), counter.waitSeconds('a')]);
    await counter.count('a');
  }
  const waiting = [0, WINDOW_SECONDS];
  expect(left).toEqual([[3, 0], [2, 0], [1, 0], waiting, waiting]);
  expect([counter.remaining('b'), counter.waitSeconds('b')]).toEqual([3, 0]);
});

it('a key has all its failures again after its window', async () => {
  jest.useFakeTimers();
  const counter = open();
  for (let failures = 0; failures < 3; failures += 1) await counter.count('a');
  pass(WINDOW_SECONDS - 1);
  expect([counter.remaining('a'), counter.waitSeconds('a')]).toEqual([0, 1]);
  pass(1);
  expect([counter.remaining('a'), counter.waitSeconds('a')]).toEqual([3, 0]);
  await counter.count('a');
  expect(counter.remaining('a')).toBe(2);
});

it('keys whose windows have ended are dropped', async () => {
  jest.useFakeTimers();
  const counter = open();
  for (let key = 0; key < 100; key += 1) await counter.count(`a${key}`);
  pass(WINDOW_SECONDS);
  await counter.count('b');
  expect([...(counter as unknown as { seen: Map<string, unknown> }).seen.keys()]).toEqual(['b']);
});
