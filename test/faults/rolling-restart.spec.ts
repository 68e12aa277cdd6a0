/** Replicas are replaced one after the other, behind a proxy that goes by their readiness: no request fails. */
import { Agent, createServer, request, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { TestClient } from '../support/clients.js';
import { Deployment } from '../support/deployment.js';
import { eventually } from '../support/eventually.js';
import { beginFamilies, beginFamily, registerClient } from '../support/provision.js';
import type { RekeyProcess } from '../support/rekey-process.js';
import { refresh, send } from '../support/requests.js';

const LANES = 10;
const PROBE_EVERY_MS = 100;
const env = { REKEY_DRAIN_SECONDS: '2' };

let deployment: Deployment;
let replicas: RekeyProcess[];
let client: TestClient;

beforeAll(async () => {
  deployment = await Deployment.start();
  replicas = [await deployment.replica({ env }), await deployment.replica({ env })];
  client = await registerClient(replicas[0]!);
});
afterAll(() => deployment.stop());

/** Sends each request to the next replica that said it was ready when it was asked last. */
class Proxy {
  private ready: string[] = [];
  private turn = 0;
  private readonly agent = new Agent({ keepAlive: true });
  private readonly server: Server;
  private probes: NodeJS.Timeout | undefined;

  constructor(private readonly urls: readonly string[]) {
    this.server = createServer((asked, answer) => this.pass(asked, answer));
  }

  async open(): Promise<string> {
    this.probes = setInterval(() => void this.probe(), PROBE_EVERY_MS);
    await this.probe();
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.server.address() as { port: number }).port}`;
  }

  async close(): Promise<void> {
    clearInterval(this.probes);
    this.agent.destroy();
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async probe(): Promise<void> {
    const isReady = async (url: string) =>
      send(`${url}/health/ready`).then(
        ({ status }) => status === 200,
        () => false,
      );
    const states = await Promise.all(this.urls.map(isReady));
    this.ready = this.urls.filter((_, index) => states[index]);
  }

  private pass(asked: IncomingMessage, answer: ServerResponse): void {
    const to = this.ready[this.turn++ % this.ready.length];
    if (to === undefined) return void answer.writeHead(502).end('{"error":"no replica is ready"}');
    const passed = request(`${to}${asked.url}`, { method: asked.method, headers: asked.headers, agent: this.agent });
    passed.on('response', (response) => {
      answer.writeHead(response.statusCode ?? 502, response.headers);
      response.pipe(answer);
    });
    passed.on('error', (error) => answer.writeHead(502).end(JSON.stringify({ error: error.message })));
    asked.pipe(passed);
  }
}

it('after SIGTERM a replica is not ready, and still serves what comes on new connections', async () => {
  const replica = await deployment.replica({ env });
  const { refreshToken } = await beginFamily(replica, client);
  const ended = replica.stop();
  await eventually(async () => expect((await send(`${replica.url}/health/ready`)).status).toBe(503));
  expect((await refresh(replica, client, refreshToken)).status).toBe(200);
  expect(await ended).toEqual({ code: 0, signal: null });
  const messages = replica.output.split('\n').flatMap((line) => {
    if (!line.startsWith('{')) return [];
    const { msg, version, reason } = JSON.parse(line) as Record<string, string>;
    return ['starting', 'ready', 'draining', 'stopped'].includes(msg!)
      ? [`${msg} ${version ?? reason ?? ''}`.trim()]
      : [];
  });
  expect(messages).toEqual(['starting 0.1.0', 'ready 0.1.0', 'draining SIGTERM', 'stopped']);
});

it('a rolling restart under load fails no request', async () => {
  const proxy = new Proxy(replicas.map(({ url }) => url));
  const url = await proxy.open();
  const families = await beginFamilies(replicas[0]!, client, LANES);
  let isOver = false;
  const failures: string[] = [];
  let answered = 0;
  const lanes = families.map(async ({ refreshToken }) => {
    let token = refreshToken;
    while (!isOver) {
      const { status, body, text } = await refresh({ url }, client, token);
      if (status === 200) {
        answered += 1;
        token = body.refresh_token as string;
      } else failures.push(`${status} ${text}`);
      await sleep(10);
    }
  });
  for (const index of [0, 1, 0, 1]) {
    await replicas[index]!.stop();
    replicas[index] = await deployment.again(replicas[index]!);
    await sleep(3 * PROBE_EVERY_MS); // until the proxy has noticed
  }
  isOver = true;
  await Promise.all(lanes);
  await proxy.close();
  expect(failures).toEqual([]);
  expect(answered).toBeGreaterThan(500);
});
