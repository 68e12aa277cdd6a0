/** The demo client over HTTP: routes, headers and error handling. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createRemoteJWKSet, type JWTVerifyGetKey } from 'jose';
import { redirect, securityHeaders, type Answer } from './answer.js';
import { Client } from './client.js';
import { LogoutTokens } from './logout-token.js';
import { NOT_FOUND, detailOf, problemOf } from './problem.js';
import { RelyingParty } from './relying-party.js';
import { ResourceServer } from './resource-server.js';
import { SessionIsOver } from './session.js';
import { Sessions, SignIns } from './sessions.js';
import { audienceOf, baseUrlOf, type Settings } from './settings.js';
import { STYLE } from './style.js';
import { Visit } from './visit.js';

export interface DemoWebOptions {
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
  readonly log?: (line: string) => void;
}

type Route = (visit: Visit) => Promise<Answer>;

/** Listens on loopback. @throws Error EADDRINUSE if the port is taken */
export async function startDemoWeb(
  settings: Settings,
  { now = Date.now, log = ignore }: DemoWebOptions = {},
): Promise<Server> {
  const { client, routes } = assemble(settings, now, log);
  const headers = securityHeaders(settings.issuer);
  const server = createServer((request, response) => {
    const visit = new Visit(request, baseUrlOf(settings));
    void answerTo(visit, client, routes, log).then((answer) => send(response, answer, headers));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(settings.port, '127.0.0.1', resolve);
  });
  return server;
}

function assemble(settings: Settings, now: () => number, log: (line: string) => void) {
  const relyingParty = new RelyingParty(settings, now);
  const keys = once(async () => createRemoteJWKSet(await relyingParty.jwksUri()));
  const client = new Client({
    issuer: settings.issuer,
    helloUrl: `${audienceOf(settings)}/hello`,
    relyingParty,
    logoutTokens: new LogoutTokens(keys, settings),
    signIns: new SignIns(),
    sessions: new Sessions(),
    now,
    log,
  });
  const api = new ResourceServer(keys, { issuer: settings.issuer, audience: audienceOf(settings) });
  const routes: Readonly<Record<string, Route>> = {
    'GET /': (visit) => client.home(visit),
    'GET /sign-in': (visit) => client.signIn(visit),
    'GET /callback': (visit) => client.callback(visit),
    'POST /refresh': (visit) => client.refresh(visit),
    'GET /hello': (visit) => client.hello(visit),
    'GET /userinfo': (visit) => client.userInfo(visit),
    'POST /sign-out': (visit) => client.signOut(visit),
    'POST /backchannel-logout': (visit) => client.backchannelLogout(visit),
    'GET /api/hello': (visit) => api.hello(visit.authorization),
    'GET /style.css': async () => ({ status: 200, type: 'text/css; charset=utf-8', body: STYLE }),
  };
  return { client, routes };
}

async function answerTo(
  visit: Visit,
  client: Client,
  routes: Readonly<Record<string, Route>>,
  log: (line: string) => void,
) {
  if (!visit.isAtHome) return redirect(visit.url);
  const path = `${visit.method} ${visit.url.pathname}`;
  const route = Object.hasOwn(routes, path) ? routes[path] : undefined;
  if (!route) return client.problem(NOT_FOUND, visit);
  try {
    return await route(visit);
  } catch (error) {
    const session = client.sessionOf(visit);
    if (error instanceof SessionIsOver) {
      if (session) await client.end(session);
      return redirect('/sign-in');
    }
    const problem = problemOf(error);
    if (problem.status >= 500) log(`${path}: ${detailOf(error)}`);
    return client.problem(problem, visit);
  }
}

function send(response: ServerResponse<IncomingMessage>, answer: Answer, headers: Record<string, string>): void {
  response
    .writeHead(answer.status, { ...headers, ...(answer.type && { 'content-type': answer.type }), ...answer.headers })
    .end(answer.body);
}

/** Shares the first result; a failure is retried. */
function once(make: () => Promise<JWTVerifyGetKey>): () => Promise<JWTVerifyGetKey> {
  let made: JWTVerifyGetKey | undefined;
  return async () => (made ??= await make());
}

const ignore = (): void => undefined;
