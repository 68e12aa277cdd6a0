/** What clients and browsers get while PostgreSQL or Redis is away. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { expect } from '@jest/globals';
import type { Answer } from './requests.js';

/** While a dependency is down, every answer is a 503 within two seconds. */
const PROMISE_MS = 2000;

export interface Timed<Result = Answer> {
  readonly answer: Result;
  readonly ms: number;
}

/** Subtracts the longest event loop delay: a machine that stalls delays this process as well. */
export async function timed<Result>(request: () => Promise<Result>): Promise<Timed<Result>> {
  const stillness = monitorEventLoopDelay({ resolution: 10 });
  stillness.enable();
  const startedAt = performance.now();
  const answer = await request();
  const ms = performance.now() - startedAt;
  stillness.disable();
  return { answer, ms: ms - stillness.max / 1e6 };
}

/** Internals that an error page must not mention. */
const TELLING =
  /postgres|127\.0\.0\.1:\d|econn|timeout|\bselect\b|\bupdate\b|token_families|login_sessions|\.js\b|\bat \w+ \(/i;

/** Like `expectUnavailable`, for a browser route: the answer is a page. */
export function expectUnavailablePage({ answer, ms }: Timed): void {
  expect({ status: answer.status, type: answer.headers.get('content-type') }).toEqual({
    status: 503,
    type: 'text/html; charset=utf-8',
  });
  expect(answer.headers.get('retry-after')).toMatch(/^\d+$/);
  expect(answer.headers.get('cache-control')).toContain('no-store');
  expect(answer.headers.get('location')).toBeNull();
  expect(answer.headers.getSetCookie()).toEqual([]);
  expect(answer.text.replace(/<style>.*?<\/style>/s, '')).not.toMatch(TELLING);
  expect(ms).toBeLessThan(PROMISE_MS);
}

/** A 503 in JSON within the promised time, with Retry-After and without internals. */
export function expectUnavailable({ answer, ms }: Timed): void {
  expect({ status: answer.status, code: answer.body.error ?? answer.body.code }).toEqual({
    status: 503,
    code: 'temporarily_unavailable',
  });
  expect(answer.headers.get('retry-after')).toMatch(/^\d+$/);
  expect(answer.headers.get('content-type')).toMatch(/json/);
  expect(answer.headers.get('cache-control')).toContain('no-store');
  expect(answer.text).not.toMatch(/postgres|127\.0\.0\.1|econn|timeout|select|update|token_families|\.js|at \w/i);
  expect(ms).toBeLessThan(PROMISE_MS);
}
