/** Cross-origin requests of scripts (Fetch §3.2), for clients that run in the browser. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Config } from '../platform/config/config.js';
import { originProblem } from '../oauth/origin.js';
import { issuerPath } from '../platform/http/issuer-path.js';

const ENDPOINTS = ['/token', '/revoke', '/userinfo'];

/** Documents for every page, whose scripts may send headers of their own: routes, and the URLs of preflights, which have no route. */
const documentsOf = (path: string): string[] => [
  `${path}/jwks`,
  `${path}/.well-known/openid-configuration`,
  `/.well-known/oauth-authorization-server${path}`,
  '/.well-known/oauth-authorization-server/*',
];

const DOCUMENT_PREFLIGHT_HEADERS = {
  'access-control-allow-methods': 'GET',
  'access-control-allow-headers': '*',
  'access-control-max-age': '7200',
};

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
  private readonly documents: ReadonlySet<string>;

  constructor(config: Config) {
    const path = issuerPath(config);
    this.paths = new Set(ENDPOINTS.map((endpoint) => `${path}${endpoint}`));
    this.documents = new Set(documentsOf(path));
  }

  /** Adds the headers of the response. @returns whether it is a preflight, which is to be answered at once */
  admit(request: FastifyRequest, reply: FastifyReply): boolean {
    const { origin, 'access-control-request-method': asked } = request.headers;
    const isPreflight = origin !== undefined && request.method === 'OPTIONS' && asked !== undefined;
    const { url: route } = request.routeOptions;
    const path = route ?? request.url.split('?', 1)[0]!;
    if (this.documents.has(path) && (isPreflight || route !== undefined)) {
      void reply.header('access-control-allow-origin', '*');
      if (isPreflight) void reply.headers(DOCUMENT_PREFLIGHT_HEADERS);
      return isPreflight;
    }
    if (origin === undefined || !this.paths.has(path)) return false;
    request.scriptOrigin = origin;
    void reply.header('vary', 'Origin');
    if (originProblem(origin) !== undefined) return false;
    void reply.headers({
      'access-control-allow-origin': origin,
      'access-control-expose-headers': 'x-correlation-id, rekey-hint, retry-after, www-authenticate',
    });
    if (isPreflight) void reply.headers(PREFLIGHT_HEADERS);
    return isPreflight;
  }
}
