/** A request to the demo client, as much of it as its pages need. */
import type { IncomingMessage } from 'node:http';

const MAX_FORM_BYTES = 16 * 1024;

export class Visit {
  readonly url: URL;
  readonly method: string;

  constructor(
    private readonly request: IncomingMessage,
    baseUrl: string,
  ) {
    // Of the target its path and query alone: `//elsewhere/` and a whole URL name another host.
    const target = request.url ?? '/';
    const { pathname, search } = new URL(URL.canParse(target, baseUrl) ? target : '/', baseUrl);
    this.url = Object.assign(new URL(baseUrl), { pathname, search });
    this.method = request.method ?? '';
  }

  /** Whether it was asked for by the address that cookies and redirect URIs are for; `localhost` is another. */
  get isAtHome(): boolean {
    return this.request.headers.host === this.url.host;
  }

  get authorization(): string | undefined {
    return this.request.headers.authorization;
  }

  cookie(name: string): string | undefined {
    const cookies = (this.request.headers.cookie ?? '').split(/; */);
    return cookies.find((cookie) => cookie.startsWith(`${name}=`))?.slice(name.length + 1);
  }

  /** Browsers say where a form comes from. SameSite alone would let every other port of this machine send one. */
  get isFromHere(): boolean {
    return this.request.headers.origin === this.url.origin;
  }

  /** @throws Error where it is too long */
  async form(): Promise<URLSearchParams> {
    const chunks: Buffer[] = [];
    let bytes = 0;
    for await (const chunk of this.request as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > MAX_FORM_BYTES) throw new Error('The form is too long');
      chunks.push(chunk);
    }
    return new URLSearchParams(Buffer.concat(chunks).toString('utf8'));
  }
}
