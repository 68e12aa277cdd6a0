/**
 * A client's web site for a real browser, on another site than the service, which is at 127.0.0.1. It shows its URL and records
 * what it receives.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface ReceivedAnswer {
  readonly method: string;
  readonly parameters: URLSearchParams;
}

export class ClientSite {
  /** The responses received at the redirect URI. */
  readonly answers: ReceivedAnswer[] = [];
  private readonly pages = new Map<string, string>();
  private readonly redirects = new Map<string, string>();

  private constructor(private readonly server: Server) {
    server.on('request', (request, response) => void this.serve(request, response));
  }

  static async start(): Promise<ClientSite> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
    return new ClientSite(server);
  }

  get origin(): string {
    return `http://localhost:${(this.server.address() as AddressInfo).port}`;
  }

  get redirectUri(): string {
    return `${this.origin}/back`;
  }

  /** A redirect URI that answers 204, so that the browser stays on its page. */
  get silentUri(): string {
    return `${this.origin}/silence`;
  }

  /** @param html the body of the page */
  show(path: string, html: string): void {
    this.pages.set(path, html);
  }

  /** Redirects to another URL, with the query of the request. */
  redirect(path: string, location: string): void {
    this.redirects.set(path, location);
  }

  /** The last response received at the redirect URI. */
  get answer(): ReceivedAnswer {
    const answer = this.answers.at(-1);
    if (!answer) throw new Error('Nobody has come back to the client');
    return answer;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', this.origin);
    const body = await textOf(request);
    const location = this.redirects.get(url.pathname);
    if (location !== undefined) return void response.writeHead(303, { location: location + url.search }).end();
    if (url.pathname === '/silence') return void response.writeHead(204).end();
    if (url.pathname === '/back') {
      const parameters = request.method === 'POST' ? new URLSearchParams(body) : url.searchParams;
      this.answers.push({ method: request.method ?? '', parameters });
    }
    const html = this.pages.get(url.pathname) ?? `<h1>The client: ${url.pathname.slice(1)}</h1>`;
    response.setHeader('content-type', 'text/html; charset=utf-8');
    response.end(
      `<!doctype html><html lang="en"><title>The client</title><link rel="icon" href="data:,">${html}</html>`,
    );
  }
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}
