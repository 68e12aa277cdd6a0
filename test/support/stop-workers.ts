/** For tests that count statements or rows, in which periodic work of the service would be counted too. */
import { CleanupWorker } from '../../src/cleanup/cleanup.worker.js';
import { ClientHealth } from '../../src/refresh/client-health.worker.js';
import { SecretUse } from '../../src/clients/secret-use.worker.js';
import { KeyRotationWorker } from '../../src/keys/key-rotation.worker.js';
import { LogoutDeliveryWorker } from '../../src/sign-out/logout-delivery.worker.js';
import { MailDeliveryWorker } from '../../src/mail/mail-delivery.worker.js';
import type { TestApp } from './test-app.js';

/** Stops all periodic work. The workers' hooks run once more when the app is closed. */
export async function stopWorkers({ nest }: TestApp): Promise<void> {
  Object.assign(nest.get(SecretUse, { strict: false }), { note: () => undefined });
  const workers = [SecretUse, ClientHealth, LogoutDeliveryWorker, MailDeliveryWorker, CleanupWorker].map((worker) =>
    nest.get(worker, { strict: false }),
  );
  await Promise.all(workers.map((worker) => worker.onApplicationShutdown()));
  await nest.get(KeyRotationWorker, { strict: false }).onModuleDestroy();
}
