/**
 * Runs around the handler of every request: correlation id, headers, access log and metrics. These are Fastify hooks, because
 * Nest middleware has been bypassed with path tricks.
 */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import type { Config } from '../platform/config/config.js';
import type { Metrics } from '../platform/metrics/metrics.js';
import { Form } from '../oauth/form.js';
import { grantTypes } from '../oauth/grant-type.js';
import { OAuthError } from '../oauth/oauth-error.js';
import type { Clock } from '../platform/time/clock.js';
import { DEADLINE_MS } from '../platform/http/deadline.js';
import { forwardedFor } from '../platform/http/forwarded-for.js';
import { hints } from '../platform/http/hints.js';
import { issuerPath } from '../platform/http/issuer-path.js';
import { headerLines, queryOf } from '../platform/http/request-context.js';
import { STANDARD_HEADERS } from '../platform/http/standard-headers.js';
import { isFromAdminSocket } from './admin-socket.js';
import { CrossOrigin } from './cross-origin.js';

export interface HookDependencies {
  readonly config: Config;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

export function addRequestHooks(server: FastifyInstance, { config, clock, logger, metrics }: HookDependencies): void {
  const tokenRoute = `${issuerPath(config)}/token`;
  const believesProxies = config.trustedProxies.length > 0;
  const demandsTls = config.environment === 'production' && config.issuer.startsWith('https:');
  const crossOrigin = new CrossOrigin(config);
  // The embedded database runs in this process, so there is nobody to wait for.
  const hasDeadlines = config.databaseUrl !== undefined;
  server.setGenReqId(() => randomUUID());
  server.decorateRequest('arrivedAt', 0);
  server.decorateRequest('scriptOrigin', undefined);
  server.decorateRequest('outcome', undefined);
  server.decorateRequest('deadline', undefined);

  server.addHook('onRequest', (request, reply, done) => {
    if (believesProxies) cleanForwardedFor(request);
    void reply.headers(STANDARD_HEADERS).header('x-correlation-id', request.id);
    // Without a response Fastify does not run `onResponse`.
    reply.raw.once('close', () => {
      clearTimeout(request.deadline);
      if (!reply.raw.writableFinished) logger.info(abortedLine(request, reply));
    });
    // A POST without an origin, such as the refresh of a server, is neither a script's nor for a document.
    const isOrdinary = request.method === 'POST' && request.headers.origin === undefined;
    const isPreflight = !isOrdinary && crossOrigin.admit(request, reply);
    const refusal = headerRefusal(request.raw);
    if (refusal) return done(refusal);
    if (demandsTls && request.protocol !== 'https' && !isProbe(request) && !isFromAdminSocket(request.socket)) {
      return done(OAuthError.invalidRequest('plain_http', 'This service answers over TLS only.'));
    }
    if (!isDecodable(queryOf(request.url))) return done(OAuthError.invalidRequest('broken_percent_encoding'));
    if (request.headers['content-encoding'] !== undefined) {
      return done(new OAuthError('invalid_request', { reason: 'content_encoding', status: 415 }));
    }
    if (isPreflight) return void reply.code(204).send();
    done();
  });

  server.addHook('onSend', (request, reply, payload, done) => {
    const hint = request.outcome?.hint;
    if (hint !== undefined) void reply.header('rekey-hint', hints[hint]);
    if (String(reply.getHeader('cache-control')).startsWith('public')) reply.removeHeader('pragma');
    done(null, payload);
  });

  // Once the body is complete, because the caller controls when it begins and how long it takes.
  server.addHook('preValidation', (request, reply, done) => {
    request.arrivedAt = clock.now();
    if (hasDeadlines) setDeadline(request, reply);
    done();
  });

  server.addHook('onResponse', (request, reply, done) => {
    const route = routeOf(request);
    metrics.requests.inc({ route, method: request.method, status: reply.statusCode });
    metrics.requestSeconds.observe({ route }, reply.elapsedTime / 1000);
    if (route === tokenRoute) {
      metrics.tokenRequests.inc({ grant_type: grantTypeOf(request), outcome: outcomeOf(request, reply) });
    }
    // Successful probes and icons would fill the log.
    const isNoise = reply.statusCode < 400 && (isProbe(request) || route === '/favicon.ico');
    logger[isNoise ? 'debug' : 'info'](accessLine(request, reply));
    done();
  });
}

/**
 * Answers 503 when the time is up. The work continues, because what it has sent to PostgreSQL cannot be taken back: a statement
 * that is committed later has the effect of a request whose answer was lost. Its own answer is dropped.
 */
function setDeadline(request: FastifyRequest, reply: FastifyReply): void {
  const { deadlineMs = DEADLINE_MS } = request.routeOptions.config;
  if (deadlineMs === 'none') return;
  request.deadline = setTimeout(() => {
    // After a stall of the event loop the answers of PostgreSQL may be there already, and are read first.
    setImmediate(() => {
      if (!reply.sent) void reply.send(OAuthError.unavailable('deadline'));
    });
  }, deadlineMs);
}

/** RFC 9112 §3.2 on `Host`, RFC 9110 §10.1.1 on `Expect`. @returns why the request is refused */
function headerRefusal(request: IncomingMessage): OAuthError | undefined {
  const { headers, httpVersion } = request;
  const hosts = headerLines(request, 'host');
  if (hosts === 0 && httpVersion === '1.1') return OAuthError.invalidRequest('no_host');
  if (hosts > 1) return OAuthError.invalidRequest('two_hosts');
  if (!HOST.test(headers.host ?? '')) return OAuthError.invalidRequest('bad_host');
  if (!/^(100-continue)?$/i.test(headers.expect ?? '')) {
    return new OAuthError('invalid_request', { reason: 'expectation', status: 417 });
  }
  return undefined;
}

/** RFC 3986 §3.2.2 and §3.2.3, without their structure. */
const HOST = /^[\w.~!$&'()*+,;=%:[\]-]*$/;

/** Whether the percent-encoding is valid UTF-8. The framework's query parser does not check. */
function isDecodable(text: string): boolean {
  if (!text.includes('%')) return true;
  try {
    return decodeURIComponent(text) !== undefined;
  } catch {
    return false;
  }
}

/** Runs before `request.ip` is read: limits and logs need a source that is a plain address. */
function cleanForwardedFor({ raw: { headers } }: FastifyRequest): void {
  const forwarded = headers['x-forwarded-for'];
  if (forwarded === undefined) return;
  const addresses = forwardedFor(String(forwarded));
  if (addresses === '') delete headers['x-forwarded-for'];
  else headers['x-forwarded-for'] = addresses;
}

/** Never logs query, headers or body, because they contain secrets. */
function accessLine(request: FastifyRequest, reply: FastifyReply): object {
  return {
    correlation_id: request.id,
    method: request.method,
    route: routeOf(request),
    status: reply.statusCode,
    ms: Math.round(reply.elapsedTime * 100) / 100,
    source: request.ip,
    client_id: request.outcome?.clientId,
    result: request.outcome?.result,
    compared: request.outcome?.compared,
    hint: request.outcome?.hint,
    msg: 'request',
  };
}

/** For a caller that closed the connection before the response. */
const abortedLine = (request: FastifyRequest, reply: FastifyReply): object => ({
  ...accessLine(request, reply),
  status: undefined,
  result: 'aborted',
});

const routeOf = ({ routeOptions }: FastifyRequest): string => routeOptions.url ?? 'none';

/** A metrics label must have few values, so an unknown grant type is `other`. */
function grantTypeOf({ body }: FastifyRequest): string {
  const asked = body instanceof Form ? body.get('grant_type') : undefined;
  return grantTypes.find((type) => type === asked) ?? 'other';
}

const outcomeOf = (request: FastifyRequest, reply: FastifyReply): string =>
  reply.statusCode < 400 ? 'ok' : (request.outcome?.result ?? String(reply.statusCode));

/** Requested by the orchestrator from inside the network. */
const isProbe = ({ url }: FastifyRequest): boolean => url.startsWith('/health/') || url === '/metrics';
