import { Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import type { Server } from 'node:http';
import { Config } from '../platform/config/config.js';
import type { Credentials } from './credentials-file.js';
import { webPortBeside } from './first-clients.js';

/** Whether the demo client runs, and where. */
export interface DemoClientStart {
  readonly url: string;
  readonly isRunning: boolean;
}

/**
 * Runs the demo client of `examples/relying-party/` beside an embedded service, so that one command is enough to sign in. It could run
 * anywhere else: over HTTP it is a client like any other.
 */
@Injectable()
export class DemoClient implements OnModuleDestroy {
  private readonly logger = new Logger(DemoClient.name);
  private server: Server | undefined;

  constructor(private readonly config: Config) {}

  /** @returns undefined where there is no port for it */
  async start({ webClientId, webClientSecret }: Credentials): Promise<DemoClientStart | undefined> {
    const port = webPortBeside(this.config.port);
    if (port === undefined || !webClientId || !webClientSecret) return undefined;
    const settings = { issuer: this.config.issuer, clientId: webClientId, clientSecret: webClientSecret, port };
    const url = `http://127.0.0.1:${port}/`;
    try {
      // Loaded here, because no service in production runs it.
      const { startDemoWeb } = await import('../../examples/relying-party/demo-web.js');
      this.server = await startDemoWeb(settings, { log: (line) => this.logger.warn(`Demo client: ${line}`) });
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
