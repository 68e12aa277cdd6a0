import { Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import type { Server } from 'node:http';
import { Config } from '../platform/config/config.js';
import type { Credentials } from './credentials-file.js';
import { webPortBeside } from './first-clients.js';

/** The exports of `examples/relying-party/demo-web.ts`, a separate program whose types are not imported. */
interface DemoClientModule {
  startDemoWeb(settings: object, options: { readonly log: (line: string) => void }): Promise<Server>;
}

/** The demo client's URL, and whether it runs. */
export interface DemoClientStart {
  readonly url: string;
  readonly isRunning: boolean;
}

/**
 * Runs the demo client of `examples/relying-party/` in the process of an embedded service, so that one command is enough to try
 * a sign-in. It is an ordinary client over HTTP and could run anywhere else.
 */
@Injectable()
export class DemoClient implements OnModuleDestroy {
  private readonly logger = new Logger(DemoClient.name);
  private server: Server | undefined;

  constructor(private readonly config: Config) {}

  /** Its URL; undefined while it does not run. */
  get url(): string | undefined {
    return this.server && `http://127.0.0.1:${webPortBeside(this.config.port)}/`;
  }

  /** @returns undefined if there is no port for it, or it is not built (as in the container image) */
  async start({ webClientId, webClientSecret }: Credentials): Promise<DemoClientStart | undefined> {
    const port = webPortBeside(this.config.port);
    if (port === undefined || !webClientId || !webClientSecret) return undefined;
    const settings = { issuer: this.config.issuer, clientId: webClientId, clientSecret: webClientSecret, port };
    const url = `http://127.0.0.1:${port}/`;
    try {
      const demo = await demoClient();
      if (!demo) return undefined;
      this.server = await demo.startDemoWeb(settings, { log: (line) => this.logger.warn(`Demo client: ${line}`) });
      return { url, isRunning: true };
    } catch (error) {
      if (!['EADDRINUSE', 'EACCES'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
      return { url, isRunning: false };
    }
  }

  async onModuleDestroy(): Promise<void> {
    const { server } = this;
    if (!server) return;
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

/** An entry of `imports` in package.json: tests resolve it to the source, `npm start` to the build. */
const DEMO_CLIENT = '#demo-client';

async function demoClient(): Promise<DemoClientModule | undefined> {
  try {
    return (await import(DEMO_CLIENT)) as DemoClientModule;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_MODULE_NOT_FOUND') return undefined;
    throw error;
  }
}
