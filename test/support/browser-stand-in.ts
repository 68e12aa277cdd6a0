/** The parts of a browser that login sessions use: its cookies and its headers. */
import type { FastifyReply, FastifyRequest } from 'fastify';

export class BrowserStandIn {
  /** The Cookie header that it sends. */
  cookie: string | undefined;
  /** Every `Set-Cookie` that it received. */
  readonly given: string[] = [];

  constructor(
    private readonly userAgent = 'Test browser',
    private readonly address = '192.0.2.7',
  ) {}

  request(correlationId = 'test'): FastifyRequest {
    const headers = { cookie: this.cookie, 'user-agent': this.userAgent };
    return { id: correlationId, ip: this.address, headers } as unknown as FastifyRequest;
  }

  /** A reply whose cookie the browser keeps. */
  reply(): FastifyReply {
    return this.replyThat((setCookie) => (this.cookie = setCookie.split(';')[0]));
  }

  /** A reply that never reaches the browser. */
  lostReply(): FastifyReply {
    return this.replyThat(() => undefined);
  }

  private replyThat(keep: (setCookie: string) => void): FastifyReply {
    const header = (name: string, value: string) => {
      if (name !== 'set-cookie') throw new Error(`Nobody expected the header ${name}`);
      this.given.push(value);
      keep(value);
    };
    return { header } as unknown as FastifyReply;
  }
}
