/** Cross-origin requests of scripts (Fetch §3.2), for clients that run in the browser. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Config } from '../platform/config/config.js';
import { originProblem } from '../oauth/origin.js';
import { issuerPath } from '../platform/http/issuer-path.js';

const ENDPOINTS = ['/token', '/revoke', '/userinfo'];

const PREFLIGHT_HEADERS = {
  'access-control-allow-methods': 'GET, POST',
  'access-control-allow-headers': 'Authorization, Content-Type',
  'access-control-max-age': '7200',
};

/**
 * A preflight names no client, so every origin that could be registered may send its request. Then the client is known, and a
 * request of another origin is refused before it does anything. That refusal, like every error, may be read by the script:
 * otherwise its developer would see nothing but "CORS error". There is nothing to steal, because no endpoint here reads a cookie,
 * and credentials are not allowed.
 */
export class CrossOrigin {
  private readonly paths: ReadonlySet<string>;

  constructor(config: Config) {
    this.paths = new Set(ENDPOINTS.map((endpoint) => `${issuerPath(config)}${endpoint}`));
  }

  /** @param origin that of the request @returns whether it is a preflight, which is to be answered at once */
  admit(origin: string, request: FastifyRequest, reply: FastifyReply): boolean {
    // A preflight has no route.
    if (!this.paths.has(request.routeOptions.url ?? request.url.split('?', 1)[0]!)) return false;
    request.scriptOrigin = origin;
    void reply.header('vary', 'Origin');
    if (originProblem(origin) !== undefined) return false;
    void reply.headers({
      'access-control-allow-origin': origin,
      'access-control-expose-headers': 'x-correlation-id, retry-after, www-authenticate',
    });
    if (request.method !== 'OPTIONS' || !request.headers['access-control-request-method']) return false;
    void reply.headers(PREFLIGHT_HEADERS);
    return true;
  }
}
