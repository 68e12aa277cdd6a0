import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { confidentialClient, startFamily } from '../support/clients.js';
import { introspect, refresh } from '../support/requests.js';
import { startApp, type TestApp } from '../support/test-app.js';

let app: TestApp;
beforeAll(async () => {
  app = await startApp();
});
afterAll(() => app.close());

it('a token family refreshes, retries and detects reuse', async () => {
  const client = await confidentialClient(app);
  const { refreshToken } = await startFamily(app, client);
  const first = await refresh(app, client, refreshToken);
  expect(first.status).toBe(200);
  const again = await refresh(app, client, refreshToken);
  expect(again.body.refresh_token).toBe(first.body.refresh_token);
  app.clock.advanceSeconds(61);
  const reuse = await refresh(app, client, refreshToken);
  expect(reuse.body.error).toBe('invalid_grant');
  expect((await refresh(app, client, first.body.refresh_token)).status).toBe(400);
  expect((await introspect(app, client, first.body.access_token)).text).toBe('{"active":false}');
});
