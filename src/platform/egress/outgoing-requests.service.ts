import { Injectable, Logger } from '@nestjs/common';
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { LookupFunction } from 'node:net';
import { Config } from '../config/config.js';
import { AddressLookup } from './address-lookup.service.js';
import { EgressPolicy, type Refusal } from './egress-policy.js';

export interface OutgoingRequest {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** For the whole answer. */
  readonly timeoutMs: number;
  /** Of the body; a larger one is an error. 0: the body is not read. */
  readonly maxBytes: number;
}

/** The address may not be connected to. */
export class EgressRefused extends Error {
  override readonly name = 'EgressRefused';
  readonly code: string;

  constructor(readonly refusal: Refusal) {
    super(`The address may not be connected to: ${refusal}`);
    this.code = `egress_${refusal}`;
  }
}

/**
 * All requests that leave the process, except those to PostgreSQL and Redis. Addresses are checked after DNS resolution, in the
 * lookup of the connection itself, so what was checked is what is connected to. Redirects are not followed. Each request has a
 * connection of its own, and settings for proxies in the environment have no effect.
 */
@Injectable()
export class OutgoingRequests {
  private readonly logger = new Logger('Egress');
  private readonly policy: EgressPolicy;
  private readonly agents = { http: new HttpAgent({ keepAlive: false }), https: new HttpsAgent({ keepAlive: false }) };

  constructor(
    config: Config,
    private readonly addresses: AddressLookup,
  ) {
    this.policy = new EgressPolicy(config.environment === 'production', config.egressAllow);
  }

  /** @throws EgressRefused, an error named `TimeoutError`, or an error of the connection */
  async send(target: string, { timeoutMs, maxBytes, body, ...options }: OutgoingRequest): Promise<Response> {
    const url = new URL(target);
    const signal = AbortSignal.timeout(timeoutMs);
    try {
      const answer = await this.connect(url, { ...options, signal }, body);
      return await responseOf(answer, maxBytes);
    } catch (error) {
      if (error instanceof EgressRefused) {
        this.logger.warn({ msg: 'request refused by the egress policy', host: url.hostname, reason: error.refusal });
      }
      throw signal.aborted ? signal.reason : error;
    }
  }

  private connect(url: URL, options: RequestOptions, body: string | undefined): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      // The connection asks no resolver for a literal address.
      const refusal = this.policy.refusalOfLiteral(url.hostname);
      if (refusal) throw new EgressRefused(refusal);
      const [request, agent] =
        url.protocol === 'https:' ? [httpsRequest, this.agents.https] : [httpRequest, this.agents.http];
      const { lookup } = this;
      const headers = { ...options.headers, ...(body !== undefined && { 'content-length': Buffer.byteLength(body) }) };
      request(url, { ...options, headers, agent, lookup }, resolve)
        .on('error', reject)
        // An answer that switches protocols closes the connection without an error.
        .on('close', () => reject(new Error('The connection was closed')))
        .end(body);
    });
  }

  private readonly lookup: LookupFunction = (host, { all }, callback) => {
    this.addresses
      .all(host)
      .then((found) => {
        const usable = this.policy.allowsHost(host)
          ? found
          : found.filter(({ address }) => this.policy.refusalOf(address) === undefined);
        if (usable.length === 0 && found.length > 0) throw new EgressRefused(this.policy.refusalOf(found[0]!.address)!);
        return usable;
      })
      .then(
        (usable) => (all ? callback(null, usable) : callback(null, usable[0]!.address, usable[0]!.family)),
        (error: Error) => callback(error, ''),
      );
  };
}

async function responseOf(answer: IncomingMessage, maxBytes: number): Promise<Response> {
  const headers = new Headers();
  for (const [name, value] of Object.entries(answer.headers)) {
    if (value !== undefined) headers.set(name, String(value));
  }
  const body = maxBytes > 0 ? await bodyOf(answer, maxBytes) : null;
  answer.destroy();
  return new Response(body, { status: answer.statusCode!, headers });
}

async function bodyOf(answer: IncomingMessage, maxBytes: number): Promise<Buffer<ArrayBuffer> | null> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of answer as AsyncIterable<Uint8Array>) {
    bytes += chunk.byteLength;
    if (bytes > maxBytes) throw new Error('The answer is too large');
    chunks.push(chunk);
  }
  return bytes > 0 ? Buffer.concat(chunks) : null;
}
