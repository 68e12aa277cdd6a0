/** A client's back-channel logout endpoint: a server that records notices and answers as the test says. */
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { eventually } from './eventually.js';

export interface ReceivedNotice {
  readonly method: string;
  readonly path: string;
  readonly contentType: string;
  readonly form: URLSearchParams;
}

type Answer = (response: ServerResponse, notice: ReceivedNotice) => void;

export class LogoutReceiver {
  readonly received: ReceivedNotice[] = [];
  /** The answer; by default 200. */
  answer: Answer = status(200);

  private constructor(private readonly server: Server) {}

  static async start(): Promise<LogoutReceiver> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const receiver = new LogoutReceiver(server);
    server.on('request', ((request, response) => void receiver.receive(request, response)) satisfies RequestListener);
    return receiver;
  }

  get uri(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/backchannel-logout`;
  }

  /** The logout tokens, in the order of their arrival. */
  get tokens(): string[] {
    return this.received.map(({ form }) => form.get('logout_token') ?? '');
  }

  async hasReceived(count: number): Promise<void> {
    await eventually(() => {
      if (this.received.length < count) throw new Error(`${this.received.length} of ${count} notices received`);
    });
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const notice = {
      method: request.method ?? '',
      path: request.url ?? '',
      contentType: request.headers['content-type'] ?? '',
      form: new URLSearchParams(Buffer.concat(chunks).toString('utf8')),
    };
    this.received.push(notice);
    this.answer(response, notice);
  }
}

export function status(code: number, headers: Record<string, string> = {}): Answer {
  return (response) => void response.writeHead(code, headers).end();
}

/** Never answers, and keeps the connection. */
export const silence: Answer = () => undefined;
