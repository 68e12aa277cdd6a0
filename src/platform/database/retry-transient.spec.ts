import { expect, it, jest } from '@jest/globals';
import { retryTransient } from './retry-transient.js';

const failure = (code: string): Error => Object.assign(new Error(code), { code });

it.each(['40001', '40P01'])('[88] work is retried after %s, and its result returned', async (code) => {
  const work = jest
    .fn<() => Promise<string>>()
    .mockRejectedValueOnce(failure(code))
    .mockRejectedValueOnce(failure(code));
  work.mockResolvedValue('done');
  expect(await retryTransient(work)).toBe('done');
  expect(work).toHaveBeenCalledTimes(3);
});

it('[88] the driver’s error is found inside TypeORM’s', async () => {
  const work = jest
    .fn<() => Promise<string>>()
    .mockRejectedValueOnce(Object.assign(new Error(), { driverError: failure('40001') }));
  work.mockResolvedValue('done');
  expect(await retryTransient(work)).toBe('done');
});

it('retries end in the end', async () => {
  const work = jest.fn<() => Promise<string>>().mockRejectedValue(failure('40001'));
  await expect(retryTransient(work)).rejects.toMatchObject({ code: '40001' });
  expect(work).toHaveBeenCalledTimes(4);
});

it.each(['23505', 'ECONNREFUSED', '57014', ''])(
  'work is not retried after %j, because its outcome is unknown or will not change',
  async (code) => {
    const work = jest.fn<() => Promise<string>>().mockRejectedValue(failure(code));
    await expect(retryTransient(work)).rejects.toThrow();
    expect(work).toHaveBeenCalledTimes(1);
  },
);
