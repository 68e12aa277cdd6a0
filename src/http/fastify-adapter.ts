/**
 * The HTTP server: its limits, and the bodies that it reads. Everything a stranger can send is bounded here, before any of
 * it is looked at.
 */
import { randomUUID } from 'node:crypto';
import type { Socket } from 'node:net';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { FastifyInstance } from 'fastify';
import type { Config } from '../config/config.js';
import { Form } from '../oauth/form.js';
import { OAuthError } from '../oauth/oauth-error.js';

const BODY_LIMIT_BYTES = 16 * 1024;

/** A whole request, headers and body, has this long (checklist 25). */
const REQUEST_TIMEOUT_MS = 15_000;
const CHECK_INTERVAL_MS = 1000;

/** Longer than the idle timeout of common load balancers, so that it is they who close. */
const KEEP_ALIVE_TIMEOUT_MS = 75_000;

export function createAdapter(config: Config): FastifyAdapter {
  const adapter = new FastifyAdapter({
    logger: false,
    bodyLimit: BODY_LIMIT_BYTES,
    requestTimeout: REQUEST_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
    http: { connectionsCheckingInterval: CHECK_INTERVAL_MS, headersTimeout: REQUEST_TIMEOUT_MS },
    trustProxy: config.trustedProxies.length > 0 ? [...config.trustedProxies] : false,
    genReqId: () => randomUUID(),
    forceCloseConnections: 'idle',
    skipMiddie: true, // there is no Nest middleware here
    routerOptions: { maxParamLength: 500 },
    clientErrorHandler: answerBrokenHttp,
  });
  addParsers(adapter.getInstance());
  return adapter;
}

function addParsers(server: FastifyInstance): void {
  server.removeAllContentTypeParsers();
  server.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_request, body, done) => {
    try {
      done(null, Form.parse(body as string));
    } catch (error) {
      done(error as Error);
    }
  });
  server.addContentTypeParser('application/json', { parseAs: 'string' }, server.getDefaultJsonParser('error', 'error'));
}

/** What is not even HTTP gets its answer in the same words as everything else. */
function answerBrokenHttp(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
  const status = { HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large', ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout' }[error.code ?? ''];
  const body = JSON.stringify(OAuthError.invalidRequest('broken_http'));
  socket.end(
    `HTTP/1.1 ${status ?? '400 Bad Request'}\r\nContent-Type: application/json; charset=utf-8\r\nCache-Control: no-store\r\n` +
      'Pragma: no-cache\r\nX-Content-Type-Options: nosniff\r\n' +
      `Connection: close\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}
