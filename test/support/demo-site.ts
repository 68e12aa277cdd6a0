/** The demo client beside a service under test: registered as an embedded service registers it, on a port of its own. */
import type { Server } from 'node:http';
import { startDemoWeb } from '../../examples/relying-party/demo-web.js';
import { webClient } from '../../src/first-boot/first-clients.js';
import { confidentialClient, type TestClient } from './clients.js';
import { freePort } from './server-process.js';
import type { TestApp } from './test-app.js';
import { Visitor, type Visit } from './visitor.js';

export class DemoSite {
  /** How far its clock is ahead of the service's. */
  aheadMs = 0;
  readonly log: string[] = [];
  /** Every request so far: `POST /refresh`, … */
  readonly requests: string[] = [];

  private constructor(
    readonly app: TestApp,
    readonly client: TestClient,
    readonly url: string,
    private server?: Server,
  ) {}

  static async start(app: TestApp): Promise<DemoSite> {
    const port = await freePort();
    const client = await confidentialClient(app, webClient(port, app.issuer));
    const site = new DemoSite(app, client, `http://127.0.0.1:${port}`);
    const settings = { issuer: app.issuer, clientId: client.clientId, clientSecret: client.secret ?? '', port };
    const now = () => app.clock.now() + site.aheadMs;
    site.server = await startDemoWeb(settings, { now, log: (line) => site.log.push(line) });
    site.server.on('request', ({ method, url }) => site.requests.push(`${method} ${url}`));
    return site;
  }

  async close(): Promise<void> {
    this.server?.closeAllConnections();
    await new Promise((resolve) => this.server?.close(resolve));
  }
}

/** A browser that goes to and fro between the demo client and the service. */
export class DemoVisitor {
  readonly atDemo: Visitor;
  readonly atService: Visitor;

  constructor(private readonly site: DemoSite) {
    this.atDemo = new Visitor({ url: site.url, issuer: site.url });
    this.atService = new Visitor(site.app);
  }

  get(target: string): Promise<Visit> {
    return this.arrive(this.atDemo.get(target));
  }

  /** A form of the demo client. @param origin that the browser says it comes from */
  post(target: string, origin = this.site.url): Promise<Visit> {
    return this.arrive(this.atDemo.post(target, {}, { origin }));
  }

  /** A form of the service. */
  submit(visit: Visit, fields: Record<string, string>): Promise<Visit> {
    return this.arrive(this.atService.submit(visit, fields));
  }

  private async arrive(visiting: Promise<Visit>): Promise<Visit> {
    const visit = await visiting;
    if (!visit.left) return visit;
    const site = visit.url.origin === this.site.url ? this.atDemo : this.atService;
    return this.arrive(site.get(visit.url.href));
  }
}
