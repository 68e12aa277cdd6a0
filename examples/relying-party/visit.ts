/** A request to the demo client, with the parts that its pages need. */
import type { IncomingMessage } from 'node:http';

const MAX_FORM_BYTES = 16 * 1024;

export class Visit {
  readonly url: URL;
  readonly method: string;

  constructor(
    private readonly request: IncomingMessage,
    baseUrl: string,
  ) {
    // Only path and query of the target, because `//elsewhere/` or an absolute URL could name another host.
    const target = request.url ?? '/';
    const { pathname, search } = new URL(URL.canParse(target, baseUrl) ? target : '/', baseUrl);
    this.url = Object.assign(new URL(baseUrl), { pathname, search });
    this.method = request.method ?? '';
  }

  /** Whether the request used the host name of the cookies and redirect URIs; `localhost` is another one. */
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

  /** Browsers send the origin of a form. SameSite alone would accept forms from every other port of this machine. */
  get isFromHere(): boolean {
    return this.request.headers.origin === this.url.origin;
  }

  /** @throws Error if it is too long */
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
