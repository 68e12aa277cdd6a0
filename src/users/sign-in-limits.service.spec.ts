import { describe, expect, it } from '@jest/globals';
import type { Config } from '../platform/config/config.js';
import { FailureCounters } from '../platform/limits/failure-counter.service.js';
import { SignInLimits } from './sign-in-limits.service.js';

const LIMIT = 2;
const SOURCE_LIMIT = 10 * LIMIT;

/** Attempts of one source, each with its own username unless given. Allowed ones stay under way until `end`. */
function open() {
  const limits = new SignInLimits({ failedSignInsPerMinute: LIMIT } as Config, new FailureCounters(null));
  let names = 0;
  const attempt = (source: string, name = `name ${++names}`) => limits.attempt(name, source);
  const waitSeconds = (source: string, name?: string) => limits.waitSeconds(attempt(source, name));
  const begin = (source: string, name?: string): (() => Promise<void>) | undefined => {
    const made = attempt(source, name);
    if (limits.waitSeconds(made) > 0) return undefined;
    let resolve: () => void;
    const pending = limits.pendingWhile(made, () => new Promise<void>((resolved) => (resolve = resolved)));
    return () => {
      resolve();
      return pending;
    };
  };
  const beginAll = (times: number, source: string, name?: string) =>
    Array.from({ length: times }, () => begin(source, name)).filter((end) => end !== undefined);
  const fail = async (times: number, source: string, name?: string) => {
    for (let index = 0; index < times; index += 1) await limits.count(attempt(source, name), false);
  };
  return { limits, waitSeconds, beginAll, fail };
}

const [HERE, ELSEWHERE] = ['192.0.2.1', '192.0.2.2'];

describe('attempts that are under way', () => {
  it('attempts under way from one source are limited to its remaining failures, whatever the usernames', async () => {
    const { waitSeconds, beginAll } = open();
    const begun = beginAll(100, HERE);
    expect(begun).toHaveLength(SOURCE_LIMIT);
    expect(waitSeconds(HERE)).toBe(1);
    expect(waitSeconds(ELSEWHERE)).toBe(0);
    await begun[0]!();
    expect(beginAll(2, HERE)).toHaveLength(1);
  });

  it('attempts under way and failures of one source count together', async () => {
    const { waitSeconds, beginAll, fail } = open();
    await fail(SOURCE_LIMIT - 3, HERE);
    expect(beginAll(10, HERE)).toHaveLength(3);
    expect(waitSeconds(ELSEWHERE)).toBe(0);
  });

  it('attempts under way and failures of one user and source count together', async () => {
    const { waitSeconds, beginAll, fail } = open();
    await fail(LIMIT - 1, HERE, 'anna');
    expect(beginAll(10, HERE, 'anna')).toHaveLength(1);
    expect(waitSeconds(HERE, 'bert')).toBe(0);
    expect(waitSeconds(ELSEWHERE, 'anna')).toBe(0);
  });

  it('finished attempts leave nothing behind', async () => {
    const { limits, waitSeconds, beginAll } = open();
    await Promise.all(beginAll(100, HERE).map((end) => end()));
    expect(waitSeconds(HERE)).toBe(0);
    expect((limits as unknown as { pending: Map<string, number> }).pending.size).toBe(0);
  });
});

it('a source without failures left waits for the rest of the minute', async () => {
  const { waitSeconds, fail } = open();
  await fail(SOURCE_LIMIT, HERE);
  expect(waitSeconds(HERE)).toBeGreaterThan(1);
  expect(waitSeconds(ELSEWHERE)).toBe(0);
});
