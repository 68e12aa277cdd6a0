/** The configuration shared by the HTTP process and the e2e tests. */
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Logger } from 'pino';
import { Config } from '../platform/config/config.js';
import { ErrorFilter } from './error.filter.js';
import { serveOpenApi } from './openapi.js';
import { addPageHook } from './page-hook.js';
import { adminPathOf } from '../platform/http/issuer-path.js';
import { addRequestHooks } from './request-hooks.js';
import { recordRoutes } from './route-table.js';
import { Metrics } from '../platform/metrics/metrics.js';
import { Pages } from '../pages/pages.view.js';
import { Clock } from '../platform/time/clock.js';

/**
 * An issuer with a path has its endpoints below that path. Exceptions: health and metrics, for the operator; the document that
 * RFC 8414 §3.1 puts before the path (OpenID Connect Discovery §4 puts its own after it); and the well-known URLs at the root of
 * a host.
 */
const OUTSIDE_THE_ISSUER = [
  'health/{*rest}',
  'metrics',
  '.well-known/oauth-authorization-server{/*rest}',
  '.well-known/change-password',
  '.well-known/security.txt',
  'favicon.ico',
];

export function setUp(app: NestFastifyApplication, logger: Logger): void {
  const config = app.get(Config);
  const server = app.getHttpAdapter().getInstance();
  recordRoutes(server);
  addRequestHooks(server, { config, logger, clock: app.get<Clock>(Clock), metrics: app.get(Metrics) });
  addPageHook(server, config);
  const { pathname } = new URL(config.issuer);
  if (pathname !== '/') app.setGlobalPrefix(pathname, { exclude: OUTSIDE_THE_ISSUER });
  const adminPath = adminPathOf(config.issuer);
  app.useGlobalFilters(new ErrorFilter(new Pages(config), adminPath));
  serveOpenApi(app, server, { path: `${adminPath}/v1/openapi.json`, issuer: config.issuer });
}
