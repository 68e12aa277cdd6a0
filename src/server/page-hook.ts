/** Security headers for browser routes, redirects included: a redirect must not tell the next site where it came from. */
import type { FastifyInstance } from 'fastify';
import type { Config } from '../platform/config/config.js';
import { browserPaths } from '../pages/browser-paths.js';
import { pageHeaders } from '../pages/page-headers.js';

export function addPageHook(server: FastifyInstance, config: Config): void {
  const paths = browserPaths(config);
  const headers = pageHeaders();
  server.addHook('onRoute', (route) => {
    if (!paths.some((path) => route.url === path || route.url.startsWith(`${path}/`))) return;
    route.onRequest = (_request, reply, done) => {
      void reply.headers(headers);
      done();
    };
  });
}
