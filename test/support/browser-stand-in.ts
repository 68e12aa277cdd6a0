/** As much of a browser as a login session sees of one: the cookies that it keeps, and what it says of itself. */
import type { FastifyReply, FastifyRequest } from 'fastify';

export class BrowserStandIn {
  /** What it sends, as it stands in the header. */
  cookie: string | undefined;
  /** Every `Set-Cookie` that it was given. */
  readonly given: string[] = [];

  constructor(
    private readonly userAgent = 'Test browser',
    private readonly address = '192.0.2.7',
  ) {}

  request(correlationId = 'test'): FastifyRequest {
    const headers = { cookie: this.cookie, 'user-agent': this.userAgent };
    return { id: correlationId, ip: this.address, headers } as unknown as FastifyRequest;
  }

  /** Keeps the cookie that it is given. */
  reply(): FastifyReply {
    return this.replyThat((setCookie) => (this.cookie = setCookie.split(';')[0]));
  }

  /** Keeps nothing, as a browser that has gone away meanwhile. */
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
