/** With real threads, which are told to rest after every job. */
import { performance } from 'node:perf_hooks';
import { Worker } from 'node:worker_threads';
import { afterAll, expect, it, jest } from '@jest/globals';
import type { Config } from '../platform/config/config.js';

const restMs = jest.fn(() => 50);
jest.unstable_mockModule('./password-pace.js', () => ({ restMs }));
const { PasswordThreads, PasswordThreadsBusy } = await import('./password-threads.service.js');

const threads = new PasswordThreads({ processes: 1, databaseUrl: 'postgres://x' } as Config);
afterAll(() => threads.onApplicationShutdown());

const aJob = (source = 'a', password = 'x') =>
  threads.run(
    { kind: 'verify', hash: { scheme: 'bcrypt', encoded: `$2b$04$${'.'.repeat(53)}` }, passwords: [password] },
    source,
  );

it('a resting thread takes no job until it has rested', async () => {
  const jobs = Array.from({ length: 12 }, () => aJob());
  const [working, waiting] = [threads.working, threads.waiting];
  await Promise.race(jobs);
  expect(threads.working).toBeLessThan(working);
  expect(threads.waiting).toBe(waiting);
  expect(await Promise.all(jobs)).toEqual(jobs.map(() => ({ value: -1 })));
  expect(threads.waiting).toBe(0);
});

it('the pace gets the time of the job, and the event loop utilization meanwhile', () => {
  expect(restMs).toHaveBeenCalledTimes(12);
  const [workedMs, utilization, machine] = restMs.mock.calls[0] as unknown as [number, number, object];
  expect(workedMs).toBeGreaterThan(0);
  expect(utilization).toBeGreaterThanOrEqual(0);
  expect(utilization).toBeLessThanOrEqual(1);
  expect(machine).toEqual({ cores: expect.any(Number), threads: expect.any(Number) });
});

it('one source waits for at most one job of another', async () => {
  restMs.mockReturnValue(0);
  // The order of completion is not checked, because a thread of low priority may be delayed during its job.
  const taken = jest.spyOn(Worker.prototype, 'postMessage');
  const jobs = [...Array.from({ length: 40 }, () => aJob('a')), aJob('b', 'the one')];
  await Promise.all(jobs);
  const tasks = taken.mock.calls.map(([task]) => task as { passwords: string[] });
  taken.mockRestore();
  expect(tasks).toHaveLength(41);
  expect(tasks.findIndex(({ passwords }) => passwords[0] === 'the one')).toBeLessThanOrEqual(5); // four threads at most, and one turn
});

it('a queue filled by one source has a place for another', async () => {
  const flood = Array.from({ length: 400 }, () => aJob('a').catch((error: unknown) => error));
  expect(await aJob('b')).toEqual({ value: -1 });
  const outcomes = await Promise.all(flood);
  const served = outcomes.filter((outcome) => !(outcome instanceof PasswordThreadsBusy));
  expect(served.length).toBeLessThan(400);
  expect(served).toEqual(served.map(() => ({ value: -1 })));
  expect(threads.waiting).toBe(0);
});

it('a job that has waited for too long is given up, and the thread takes those that have not', async () => {
  const before = performance.now();
  const old = Array.from({ length: 12 }, () => aJob().catch((error: unknown) => error));
  const working = threads.working;
  const now = jest.spyOn(performance, 'now').mockReturnValue(before + 9000);
  const young = aJob();
  const outcomes = await Promise.all(old);
  expect(await young).toEqual({ value: -1 });
  now.mockRestore();
  expect(outcomes.filter((outcome) => outcome instanceof PasswordThreadsBusy)).toHaveLength(12 - working);
});

it('a resting thread does not delay the shutdown', async () => {
  await aJob();
  await threads.onApplicationShutdown();
  expect(threads.working).toBe(0);
});
