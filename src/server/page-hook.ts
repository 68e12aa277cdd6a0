/** Security headers for browser routes, redirects included: a redirect must not tell the next site where it came from. */
import type { FastifyInstance } from 'fastify';
import type { Config } from '../platform/config/config.js';
import { browserPaths } from '../pages/browser-paths.js';
import { pageHeaders } from '../pages/page-headers.js';
import { isBelow } from '../platform/http/issuer-path.js';

export function addPageHook(server: FastifyInstance, config: Config): void {
  const paths = browserPaths(config);
  const headers = pageHeaders();
  server.addHook('onRequest', (request, reply, done) => {
    if (paths.some((path) => isBelow(path, request))) void reply.headers(headers);
    done();
  });
}
