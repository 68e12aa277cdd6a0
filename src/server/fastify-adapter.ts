/**
 * The HTTP server and its limits. All input is bounded here, before it is read.
 */
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Config } from '../platform/config/config.js';
import { Pages } from '../pages/pages.view.js';
import { toOAuthError } from '../platform/http/http-error.js';
import { adminPathOf } from '../platform/http/issuer-path.js';
import { STANDARD_HEADERS } from '../platform/http/standard-headers.js';
import { addParsers } from './body-parsers.js';
import { ErrorFilter } from './error.filter.js';
import { answerBrokenHttp, routeEarlyRequests } from './early-requests.js';

const BODY_LIMIT_BYTES = 16 * 1024;

/** For a whole request, headers and body. */
const REQUEST_TIMEOUT_MS = 15_000;
const CHECK_INTERVAL_MS = 1000;

const DRAIN_INTERVAL_MS = 50;

/** Longer than the idle timeout of common load balancers, so that they close connections first. */
const KEEP_ALIVE_TIMEOUT_MS = 75_000;

/** A subject of 255 characters, each of which may be two UTF-16 units. */
const MAX_PATH_PARAMETER_CHARACTERS = 510;

export function createAdapter(config: Config): FastifyAdapter {
  const adapter = new FastifyAdapter({
    logger: false,
    bodyLimit: BODY_LIMIT_BYTES,
    requestTimeout: REQUEST_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
    http: {
      connectionsCheckingInterval: CHECK_INTERVAL_MS,
      headersTimeout: REQUEST_TIMEOUT_MS,
      requireHostHeader: false, // the request hooks check it, and answer in JSON
    },
    trustProxy: config.trustedProxies.length > 0 ? [...config.trustedProxies] : false,
    forceCloseConnections: 'idle',
    return503OnClosing: false, // while draining, requests on open connections are answered with Connection: close
    skipMiddie: true, // we use no Nest middleware
    routerOptions: { maxParamLength: MAX_PATH_PARAMETER_CHARACTERS },
    clientErrorHandler: answerBrokenHttp,
    frameworkErrors: brokenUrlAnswer(config),
  });
  addParsers(adapter.getInstance());
  routeEarlyRequests(adapter.getInstance());
  hangUpWhileDraining(adapter.getInstance());
  return adapter;
}

/** Closes connections that were in use when the drain began, after their responses; Node would wait for the client to close them. */
function hangUpWhileDraining(server: FastifyInstance): void {
  server.addHook('preClose', (done) => {
    const hangUp = setInterval(() => server.server.closeIdleConnections(), DRAIN_INTERVAL_MS);
    server.server.once('close', () => clearInterval(hangUp));
    done();
  });
}

/** Answers paths that cannot be decoded or are too long: they reach no route and no hook. */
function brokenUrlAnswer(config: Config): (broken: FastifyError, request: FastifyRequest, reply: FastifyReply) => void {
  const filter = new ErrorFilter(new Pages(config), adminPathOf(config.issuer));
  return (broken, request, reply) => {
    void reply.headers({ ...STANDARD_HEADERS, 'x-correlation-id': request.id });
    filter.answer(toOAuthError(broken), request, reply);
  };
}
