import 'reflect-metadata';
import { expect, it } from '@jest/globals';
import { Metrics } from '../platform/metrics/metrics.js';
import { reporting } from './tracker.module.js';

it('revocations that the tracker was missing are counted', async () => {
  const metrics = new Metrics();
  const report = reporting(metrics);
  report({ type: 'copied', extent: 'window', revocations: 5, repaired: 3, lagMs: 10 });
  report({ type: 'copied', extent: 'window', revocations: 5, repaired: 0, lagMs: 0 });
  expect((await metrics.revocationsRestored.get()).values).toEqual([{ value: 3, labels: {} }]);
});
