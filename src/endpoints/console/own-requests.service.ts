import { Injectable } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { Caller } from './caller.js';

export interface OwnRequest {
  readonly method: string;
  /** With the issuer's path, and the query. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
}

export interface OwnAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: string;
}

interface Injecting {
  inject(request: object): Promise<{ statusCode: number; headers: OwnAnswer['headers']; payload: string }>;
}

/**
 * Requests of the console to this service, the same as those of any client but for the socket: they pass all hooks, guards and
 * parsers, and cannot be kept from their own server by a proxy or a certificate.
 */
@Injectable()
export class OwnRequests {
  constructor(private readonly host: HttpAdapterHost) {}

  async send({ method, path, headers, body }: OwnRequest, caller: Caller): Promise<OwnAnswer> {
    const server = this.host.httpAdapter.getInstance<Injecting>();
    const {
      statusCode,
      headers: answered,
      payload,
    } = await server.inject({
      method,
      url: path,
      remoteAddress: caller.remoteAddress,
      headers: { ...caller.headers, ...headers },
      ...(body !== undefined && { payload: body }),
    });
    return { status: statusCode, headers: answered, body: payload };
  }
}
