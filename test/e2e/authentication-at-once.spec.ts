/** Clients that authenticate at the same moment are not mixed up. */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { decodeJwt } from 'jose';
import { confidentialClient } from '../support/clients.js';
import { postAs } from '../support/requests.js';
import { startApp, type TestApp } from '../support/test-app.js';

let app: TestApp;
beforeAll(async () => {
  app = await startApp();
});
afterAll(() => app.close());

it('[145] each of many concurrent requests is answered for its own client, and only the one with a wrong secret fails', async () => {
  const clients = await Promise.all(Array.from({ length: 20 }, () => confidentialClient(app)));
  const wrong = { ...clients[0]!, secret: 'wrong' };
  for (let round = 0; round < 5; round++) {
    app.clock.advanceSeconds(2); // no client is cached any more, so all of them wait for the database together
    const asked = [...clients, wrong, ...clients].map((client) =>
      postAs(client, `${app.url}/token`, { grant_type: 'client_credentials' }),
    );
    const answers = await Promise.all(asked);
    const clientIds = answers.map(({ body }) =>
      body.access_token ? decodeJwt(body.access_token)['client_id'] : body.error,
    );
    const expected = clients.map(({ clientId }) => clientId);
    expect(clientIds).toEqual([...expected, 'invalid_client', ...expected]);
  }
});
