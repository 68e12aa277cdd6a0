/** The limit of introspections per caller, against scanning for tokens (RFC 7662 §4). */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { confidentialClient, type TestClient } from '../support/clients.js';
import { eventually } from '../support/eventually.js';
import { expectError, serverErrors } from '../support/expectations.js';
import { introspect } from '../support/requests.js';
import { startApp, type TestApp } from '../support/test-app.js';

let app: TestApp;
let scanner: TestClient;

beforeAll(async () => {
  app = await startApp({ environment: { REKEY_INTROSPECTIONS_PER_SECOND: '10' } });
  scanner = await confidentialClient(app);
});
afterAll(() => app.close());

it('[189] too many introspections in a second are answered with 429, and other callers are not affected', async () => {
  const calm = await confidentialClient(app);
  // Even on a slow machine more than ten of two hundred fall into one second.
  const answers = await Promise.all(Array.from({ length: 200 }, () => introspect(app, scanner, 'guess')));
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200, 429]));
  const refused = answers.find(({ status }) => status === 429)!;
  expectError(refused, 429, 'too_many_requests');
  expect(refused.headers.get('retry-after')).toBe('1');
  expect((await introspect(app, calm, 'guess')).status).toBe(200);
  await eventually(async () => expect((await introspect(app, scanner, 'guess')).status).toBe(200));
  expect(serverErrors(app)).toEqual([]);
});
