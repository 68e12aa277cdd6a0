import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import type { KeyRing } from './key-ring.service.js';
import type { KeyRotation } from './key-rotation.service.js';
import { KeyRotationWorker, RELOAD_EVERY_MS } from './key-rotation.worker.js';

describe('KeyRotationWorker', () => {
  let reloads: number;
  let advance: () => Promise<[]>;
  let worker: KeyRotationWorker;

  beforeEach(() => {
    Logger.overrideLogger(false);
    jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask'] });
    reloads = 0;
    advance = async () => [];
    const ring = { reload: async () => void (reloads += 1) } as unknown as KeyRing;
    const rotation = { advance: () => advance() } as unknown as KeyRotation;
    worker = new KeyRotationWorker(ring, rotation);
  });
  afterEach(() => void jest.useRealTimers());

  it('the keys are reloaded at the start and every ten seconds, until the service stops', async () => {
    await worker.onModuleInit();
    const atBoot = reloads;
    expect(atBoot).toBeGreaterThan(0);
    await jest.advanceTimersByTimeAsync(3 * RELOAD_EVERY_MS);
    expect(reloads).toBe(4 * atBoot);
    await worker.onModuleDestroy();
    await jest.advanceTimersByTimeAsync(3 * RELOAD_EVERY_MS);
    expect(reloads).toBe(4 * atBoot);
  });

  it('a failure is survived, and retried ten seconds later', async () => {
    await worker.onModuleInit();
    const atBoot = reloads;
    advance = () => Promise.reject(new Error('the database is away'));
    await jest.advanceTimersByTimeAsync(RELOAD_EVERY_MS);
    advance = async () => [];
    reloads = 0;
    await jest.advanceTimersByTimeAsync(RELOAD_EVERY_MS);
    expect(reloads).toBe(atBoot);
    await worker.onModuleDestroy();
  });

  it('the service waits for the current run when it stops', async () => {
    await worker.onModuleInit();
    let finish = (): void => undefined;
    advance = () => new Promise((resolve) => (finish = () => resolve([])));
    await jest.advanceTimersByTimeAsync(RELOAD_EVERY_MS);
    let stopped = false;
    const stop = worker.onModuleDestroy().then(() => (stopped = true));
    await jest.advanceTimersByTimeAsync(0);
    expect(stopped).toBe(false);
    finish();
    await stop;
    expect(stopped).toBe(true);
  });
});
