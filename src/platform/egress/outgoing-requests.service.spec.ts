import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { outgoingRequests, PRODUCTION } from '../../../test/support/outgoing-requests.js';

const GET = { method: 'GET', headers: {}, timeoutMs: 2000, maxBytes: 1000 };

let server: Server;
let port: number;
/** The addresses that connections came in at. */
let reached: string[];
let answer: (response: ServerResponse) => void;

beforeAll(async () => {
  server = createServer((request, response) => {
    reached.push(request.socket.localAddress!);
    answer(response);
  });
  await new Promise<void>((resolve) => server.listen(0, '0.0.0.0', resolve));
  ({ port } = server.address() as AddressInfo);
});
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});
beforeEach(() => {
  reached = [];
  answer = (response) => response.end('{"ok":true}');
});

it.each(['127.0.0.1', '[::ffff:127.0.0.1]', '2130706433', '0x7f.1', 'localhost', '0.0.0.0'])(
  'an internal address in the URL, %s, is refused in production without a connection',
  async (host) => {
    const request = outgoingRequests(PRODUCTION).send(`http://${host}:${port}/`, GET);
    await expect(request).rejects.toMatchObject({ name: 'EgressRefused' });
    expect(reached).toEqual([]);
  },
);

it.each([[['127.0.0.1']], [['::1', '127.0.0.1']], [['10.0.0.1', '169.254.169.254']]])(
  'a host name that resolves to internal addresses, %j, is refused in production without a connection',
  async (addresses) => {
    const request = outgoingRequests(PRODUCTION, [addresses]).send(`http://shop.example:${port}/`, GET);
    await expect(request).rejects.toMatchObject({ name: 'EgressRefused' });
    expect(reached).toEqual([]);
  },
);

it('a host name is resolved once for each request, and what was checked is connected to', async () => {
  const environment = { ...PRODUCTION, REKEY_EGRESS_ALLOW: '127.0.0.2' };
  const requests = outgoingRequests(environment, [['127.0.0.2'], ['127.0.0.1']]);
  expect((await requests.send(`http://shop.example:${port}/`, GET)).status).toBe(200);
  expect(reached).toEqual(['127.0.0.2']);
  await expect(requests.send(`http://shop.example:${port}/`, GET)).rejects.toMatchObject({ refusal: 'loopback' });
  expect(reached).toEqual(['127.0.0.2']);
});

it('of several addresses only those that are allowed are tried', async () => {
  const environment = { ...PRODUCTION, REKEY_EGRESS_ALLOW: '127.0.0.2' };
  await outgoingRequests(environment, [['127.0.0.1', '127.0.0.2']]).send(`http://shop.example:${port}/`, GET);
  expect(reached).toEqual(['127.0.0.2']);
});

it('a host name in REKEY_EGRESS_ALLOW may have any address, and other names of that address may not', async () => {
  const requests = outgoingRequests({ ...PRODUCTION, REKEY_EGRESS_ALLOW: 'shop.internal' }, [['127.0.0.1']]);
  expect(await (await requests.send(`http://shop.internal:${port}/`, GET)).json()).toEqual({ ok: true });
  await expect(requests.send(`http://other.internal:${port}/`, GET)).rejects.toMatchObject({ refusal: 'loopback' });
  expect(reached).toHaveLength(1);
});

it('redirects are not followed', async () => {
  answer = (response) => response.writeHead(302, { location: `http://127.0.0.1:${port}/elsewhere` }).end();
  expect((await outgoingRequests().send(`http://127.0.0.1:${port}/`, GET)).status).toBe(302);
  expect(reached).toHaveLength(1);
});

it('an answer may have the given size, and no byte more', async () => {
  answer = (response) => response.end('x'.repeat(1000));
  expect((await (await outgoingRequests().send(`http://127.0.0.1:${port}/`, GET)).text()).length).toBe(1000);
  answer = (response) => response.end('x'.repeat(1001));
  await expect(outgoingRequests().send(`http://127.0.0.1:${port}/`, GET)).rejects.toThrow('too large');
});

it.each<[string, (response: ServerResponse) => void]>([
  ['that does not come', () => undefined],
  ['whose body does not end', (response) => void response.write('x')],
])('an answer %s ends as a timeout', async (_, behaviour) => {
  answer = behaviour;
  const request = outgoingRequests().send(`http://127.0.0.1:${port}/`, { ...GET, timeoutMs: 100 });
  await expect(request).rejects.toMatchObject({ name: 'TimeoutError' });
});

it('an answer that switches protocols is an error', async () => {
  answer = (response) => response.writeHead(101, { connection: 'Upgrade', upgrade: 'x' }).end();
  const request = outgoingRequests().send(`http://127.0.0.1:${port}/`, { ...GET, timeoutMs: 500 });
  await expect(request).rejects.toThrow('The connection was closed');
});
