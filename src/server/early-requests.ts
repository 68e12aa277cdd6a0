/**
 * The requests that Node would answer itself, before Fastify sees them: an `Expect` that is not `100-continue`, `CONNECT`, and
 * what it cannot parse. All get an answer in the format and with the headers of the others. An `Upgrade` is ignored, as RFC 9110
 * §7.8 allows: without a listener Node treats the request like any other.
 */
import { randomUUID } from 'node:crypto';
import { ServerResponse, type IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { OAuthError } from '../oauth/oauth-error.js';
import { STANDARD_HEADERS } from '../platform/http/standard-headers.js';

/** Hands over to Fastify the requests that Node would answer, or whose connection it would close. */
export function routeEarlyRequests(server: FastifyInstance): void {
  server.server.on('checkExpectation', (request, response) => server.routing(request, response));
  server.server.on('connect', (request: IncomingMessage, socket: Duplex) => {
    // Node has removed its own listeners: there is no response, and no one else watches the socket.
    const response = new ServerResponse(request);
    response.shouldKeepAlive = false;
    response.assignSocket(socket as Socket);
    response.once('finish', () => socket.end());
    socket.on('error', () => socket.destroy());
    server.routing(request, response);
  });
}

const STATUS: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
  HPE_CHUNK_EXTENSIONS_OVERFLOW: '413 Payload Too Large',
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
};

/** Input that is not HTTP gets an error in the same format. */
export function answerBrokenHttp(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
  const body = JSON.stringify(OAuthError.invalidRequest('broken_http'));
  const headers = {
    'content-type': 'application/json; charset=utf-8',
    ...STANDARD_HEADERS,
    'x-correlation-id': randomUUID(),
    connection: 'close',
    'content-length': Buffer.byteLength(body),
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${STATUS[error.code ?? ''] ?? '400 Bad Request'}\r\n${lines.join('')}\r\n${body}`);
}
