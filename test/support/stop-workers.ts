/** For tests that count statements or rows: what the service does every few seconds by itself would be counted with them. */
import { SecretUse } from '../../src/clients/secret-use.worker.js';
import { KeyRotationWorker } from '../../src/keys/key-rotation.worker.js';
import { LogoutDeliveryWorker } from '../../src/logout/logout-delivery.worker.js';
import type { TestApp } from './test-app.js';

/** No keys are rotated, no logout notices delivered, and no uses of secrets noted from here on. */
export async function stopWorkers({ nest }: TestApp): Promise<void> {
  Object.assign(nest.get(SecretUse, { strict: false }), { note: () => undefined });
  await nest.get(SecretUse, { strict: false }).onApplicationShutdown();
  await nest.get(LogoutDeliveryWorker, { strict: false }).onApplicationShutdown();
  await nest.get(KeyRotationWorker, { strict: false }).onModuleDestroy();
}
