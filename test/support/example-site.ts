/** A program of `examples/`, run as its README says, on a port of its own. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TestClient } from './clients.js';
import { ServerProcess, watchOver } from './server-process.js';
import type { TestApp } from './test-app.js';

export class ExampleSite {
  private constructor(
    private readonly directory: string,
    private readonly process: ServerProcess,
    private readonly unwatch: () => void,
  ) {}

  /** @param program such as `spa/serve.js` */
  static async start(program: string, app: TestApp, { clientId, secret = '' }: TestClient, port: number) {
    const directory = mkdtempSync(join(tmpdir(), 'rekey-example-'));
    const unwatch = watchOver(directory);
    const settings = { ISSUER: app.issuer, CLIENT_ID: clientId, CLIENT_SECRET: secret, PORT: port };
    const environment = Object.entries(settings).map(([name, value]) => `${name}=${value}`);
    const path = fileURLToPath(new URL(`../../examples/${program}`, import.meta.url));
    const command = { file: 'env', args: [...environment, process.execPath, path], ready: /The application is at/ };
    return new ExampleSite(directory, await ServerProcess.start(command, directory), unwatch);
  }

  async close(): Promise<void> {
    await this.process.end('SIGTERM');
    this.unwatch();
    rmSync(this.directory, { recursive: true, force: true });
  }
}
