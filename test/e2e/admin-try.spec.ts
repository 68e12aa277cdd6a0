import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { admin, callAdmin } from '../support/admin.js';
import { startApp, type TestApp } from '../support/test-app.js';
let app: TestApp;
beforeAll(async () => { app = await startApp(); });
afterAll(() => app.close());
it('x', async () => {
  const a = await admin(app);
  const out: unknown[] = [];
  const log = (x: any) => out.push([x.status, x.headers.get('www-authenticate'), x.body]);
  log(await a.post('/clients', { name: 'Shop', type: 'confidential', scopes: ['a'], refresh: { retry_window_seconds: 5 } }));
  log(await a.post('/clients', { name: 'Shop', type: 'confidentia', scopes: ['a', 'a', 1], foo: 1, refresh: { retry_window_seconds: '5', x: 1 } }));
  log(await a.post('/clients', { name: 'Shop', type: 'confidential', refresh: { retry_window_seconds: 5000 } }));
  for (const body of ['null', '[]', '"x"', '[{"name":"a","type":"public"}]', '1', '{', '{"__proto__":{"a":1}}', '{"constructor":{"name":"x"},"name":"a","type":"public"}', '{"refresh":null,"name":"a","type":"public"}', '{"refresh":[],"name":"a","type":"public"}', '{"name":null,"type":"public"}', '{"name":"\\u0000","type":"public"}', '{"toString":1,"name":"a","type":"public"}', '{"audience":[null],"name":"a","type":"public"}', '{"scopes":{"length":1},"name":"a","type":"public"}', '{"name":"a","type":"public"}'])
    { const x = await a.post('/clients', body); out.push([body, x.status, x.text]); }
  log(await a.get('/clients?limit=2'));
  log(await a.get('/nowhere'));
  log(await callAdmin(app, 'PUT', '/clients/abc', {}));
  log(await callAdmin(app, 'GET', '/clients/abc', {}));
  log(await a.get('/clients/%00'));
  log(await a.get('/keys'));
  log(await a.get('/audit?limit=2'));
  log(await a.get('/audit?limit=x&foo=1&limit=2'));
  log(await a.post('/revocations', { kind: 'all', reason: 'x', dry_run: true }));
  console.log(JSON.stringify(out, null, 1));
  expect(1).toBe(1);
  expect((await callAdmin(app, 'GET', '/openapi.json', {})).status).toBe(200);
});
