/** The service stops on request, after it has answered open requests. */
import { expect, it, jest } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { TokenFamilyRepository } from '../../src/refresh/token-family.repository.js';
import { confidentialClient, startFamily } from '../support/clients.js';
import { eventually } from '../support/eventually.js';
import { refresh } from '../support/requests.js';
import { startApp } from '../support/test-app.js';

it('[292] during a drain, a request under way is answered, and connections are closed by the server', async () => {
  const app = await startApp();
  const client = await confidentialClient(app);
  const { refreshToken } = await startFamily(app, client);
  const repository = app.nest.get(TokenFamilyRepository, { strict: false });
  const rotate = repository.rotate.bind(repository);
  let goOn = (): void => undefined;
  const held = new Promise<void>((resolve) => (goOn = resolve));
  const rotation = jest.spyOn(repository, 'rotate').mockImplementationOnce(async (entries, now) => {
    await held;
    return rotate(entries, now);
  });
  const answered = refresh(app, client, refreshToken);
  await eventually(() => expect(rotation).toHaveBeenCalled());
  const closed = app.close().then(() => 'closed');
  goOn();
  expect((await answered).status).toBe(200);
  // A client keeps a connection open for more than a minute.
  expect(await Promise.race([closed, sleep(10_000, 'still open', { ref: false })])).toBe('closed');
  await closed;
}, 120_000);
