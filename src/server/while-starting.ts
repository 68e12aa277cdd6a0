/**
 * The server until the service can answer: a start may wait for PostgreSQL for a minute, or migrate for several. It says that the
 * process lives, so that nobody restarts it, and that it is not ready. It also finds a port in use before any of that.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { OAuthError } from '../oauth/oauth-error.js';
import type { Config } from '../platform/config/config.js';
import { STANDARD_HEADERS } from '../platform/http/standard-headers.js';
import { listenProblem } from './listen-problem.js';

/** @returns stops it; the service listens at the same address next @throws StartProblem when the address cannot be used */
export async function answerWhileStarting(config: Config): Promise<() => Promise<void>> {
  const server = createServer(answer);
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(listenProblem(error, config)));
    server.listen(config.port, config.host, resolve);
  });
  return () =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections(); // each request has been answered at once
    });
}

function answer({ url }: IncomingMessage, response: ServerResponse): void {
  const { status, headers, body } = answers[url ?? ''] ?? UNAVAILABLE;
  const sent = {
    ...STANDARD_HEADERS,
    ...headers,
    'content-type': 'application/json; charset=utf-8',
    connection: 'close',
  };
  response.writeHead(status, sent).end(JSON.stringify(body));
}

const UNAVAILABLE = answerOf(OAuthError.unavailable('starting'));

const answers: Readonly<Record<string, typeof UNAVAILABLE>> = {
  '/health/live': { status: 200, headers: {}, body: { status: 'ok' } },
  '/health/ready': { ...UNAVAILABLE, body: { status: 'starting' } },
};

function answerOf(error: OAuthError): { status: number; headers: Readonly<Record<string, string>>; body: object } {
  return { status: error.status, headers: error.headers, body: error.toJSON() };
}
