import { Controller, Delete, Get, Patch, Post, Put, Req, Res, UseGuards } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { authenticationRequired } from '../../oauth/bearer-token.js';
import { OAuthError } from '../../oauth/oauth-error.js';
import { Config } from '../../platform/config/config.js';
import { BULK } from '../../platform/http/deadline.js';
import { sendProblem } from '../../platform/http/error-answers.js';
import { issuerPath } from '../../platform/http/issuer-path.js';
import { callerOf } from './caller.js';
import { ConsoleGuard, ConsoleScriptGuard } from './console.guard.js';
import { ConsoleSessions } from './console-sessions.service.js';
import { OwnRequests, type OwnAnswer } from './own-requests.service.js';
import type { ConsoleSession } from './console-session.js';

const API = 'api/*';

/** The console's scripts call the admin API through here: the access token is added on this side, and no script sees it. */
@ApiExcludeController()
@Controller('console')
@UseGuards(ConsoleGuard, ConsoleScriptGuard)
export class ConsoleApiController {
  private readonly path: string;

  constructor(
    private readonly sessions: ConsoleSessions,
    private readonly requests: OwnRequests,
    private readonly config: Config,
  ) {
    this.path = issuerPath(config);
  }

  /** Who is signed in. */
  @Get('session')
  async session(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const session = await this.renewed(request, reply);
    const user = session && (await this.sessions.userOf(session));
    if (session && !user) return this.nobody(request, reply);
    if (user) void reply.send({ ...user, issuer: this.config.issuer, service: this.config.brandName });
  }

  /** Ends the console's tokens. @returns where the user signs out of the service itself */
  @Post('sign-out')
  async signOut(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const session = await this.sessions.current(request.headers.cookie);
    if (session) await this.sessions.end(session, callerOf(request));
    void reply.header('set-cookie', this.sessions.expiredCookie).send({ location: `${this.path}/end-session` });
  }

  @Get(API)
  @RouteConfig(BULK)
  read(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    return this.call(request, reply);
  }

  @Post(API)
  @RouteConfig(BULK)
  make(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    return this.call(request, reply);
  }

  @Put(API)
  @RouteConfig(BULK)
  replace(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    return this.call(request, reply);
  }

  @Patch(API)
  @RouteConfig(BULK)
  change(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    return this.call(request, reply);
  }

  @Delete(API)
  @RouteConfig(BULK)
  remove(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    return this.call(request, reply);
  }

  private async call(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const session = await this.renewed(request, reply);
    if (!session) return;
    const answer = await this.forward(request, session);
    // Revoked, or its user disabled.
    if (answer.status === 401) void reply.header('set-cookie', this.sessions.expiredCookie);
    const { 'content-type': type, 'x-correlation-id': correlationId, 'retry-after': wait } = answer.headers;
    void reply.status(answer.status).header('x-correlation-id', correlationId ?? request.id);
    if (wait !== undefined) void reply.header('retry-after', wait);
    void reply.type(type ?? 'application/json; charset=utf-8').send(answer.body);
  }

  private forward(request: FastifyRequest, { accessToken }: ConsoleSession): Promise<OwnAnswer> {
    const target = request.url.slice(`${this.path}/console/api`.length);
    if (hasDotSegment(target)) throw new OAuthError('not_found', { reason: 'dot_segment' });
    const hasBody = request.body !== undefined && request.body !== null;
    return this.requests.send(
      {
        method: request.method,
        path: `${this.path}/admin/v1${target}`,
        headers: { authorization: `Bearer ${accessToken}`, ...(hasBody && { 'content-type': 'application/json' }) },
        body: hasBody ? JSON.stringify(request.body) : undefined,
      },
      callerOf(request),
    );
  }

  /** @returns undefined if the request has been answered, because there is no session any more */
  private async renewed(request: FastifyRequest, reply: FastifyReply): Promise<ConsoleSession | undefined> {
    const { cookie = '' } = request.headers;
    const session = await this.sessions.current(cookie);
    const renewal = session && (await this.sessions.renewed(session, cookie, callerOf(request)));
    if (!renewal || ('problem' in renewal && renewal.problem === 'refused')) return void this.nobody(request, reply);
    if ('problem' in renewal) return void sendProblem(OAuthError.unavailable('console_refresh'), request, reply);
    if (renewal.cookie !== undefined) void reply.header('set-cookie', renewal.cookie);
    return renewal.session;
  }

  private nobody(request: FastifyRequest, reply: FastifyReply): void {
    void reply.header('set-cookie', this.sessions.expiredCookie);
    sendProblem(authenticationRequired(), request, reply);
  }
}

/** Such a path would leave the admin API when it is resolved (RFC 3986 §5.2.4). */
const hasDotSegment = (target: string): boolean =>
  target
    .split(/[?#]/, 1)[0]!
    .split(/[/\\]/)
    .some((segment) => /^(\.|%2e){1,2}$/i.test(segment));
