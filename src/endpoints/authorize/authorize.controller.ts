import { Controller, Get, Post, Req, Res } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyContextConfig, FastifyReply, FastifyRequest } from 'fastify';
import { AuthorizationRequests } from '../../authorization/authorization-requests.service.js';
import { OAuthError } from '../../oauth/oauth-error.js';
import { FormTokens } from '../../pages/form-token.service.js';
import { browserOf, formOf } from '../../platform/http/browser-context.js';
import { queryOf } from '../../platform/http/request-context.js';
import { LoginSessions } from '../../sessions/login-sessions.service.js';
import { AuthorizeService, type Decision } from './authorize.service.js';
import { AuthorizeView } from './authorize.view.js';
import { consentBinding } from './consent.view.js';

/** The authorization endpoint (RFC 6749 §3.1), and the form of its consent page. */
@ApiExcludeController()
@Controller()
export class AuthorizeController {
  constructor(
    private readonly authorize: AuthorizeService,
    private readonly requests: AuthorizationRequests,
    private readonly sessions: LoginSessions,
    private readonly tokens: FormTokens,
    private readonly view: AuthorizeView,
  ) {}

  @Get('authorize')
  read(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    // RFC 9110 §9.1 requires HEAD beside GET. Without the login session it issues no code.
    if (request.method === 'HEAD') delete request.headers.cookie;
    return this.advance(queryOf(request.url), request, reply);
  }

  /**
   * OpenID Connect Core §3.1.2.1. A form from the client's site comes without the login cookie (SameSite), so the request is
   * repeated by a redirect, which carries it.
   */
  @Post('authorize')
  @RouteConfig({ mayRepeat: true } satisfies FastifyContextConfig)
  write(@Req() request: FastifyRequest, @Res() reply: FastifyReply): void {
    this.askAgain(formOf(request).toString(), reply);
  }

  /** The form of the consent page. If the session has ended meanwhile, the user signs in and is asked again. */
  @Post('consent')
  async decide(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const form = formOf(request);
    const query = form.get('authorization_request');
    const decision = decisions.find((one) => one === form.get('decision'));
    if (query === undefined || !decision) throw OAuthError.invalidRequest('bad_consent_form');
    const browser = browserOf(request);
    const session = await this.sessions.current(browser);
    if (!session) return this.askAgain(query, reply);
    this.tokens.check(browser, form, consentBinding(session, query));
    return this.advance(query, request, reply, decision);
  }

  /** @param query the parameters of the authorization request, form-encoded */
  private async advance(query: string, request: FastifyRequest, reply: FastifyReply, decision?: Decision) {
    const browser = browserOf(request);
    const read = await this.authorize.read(query, browser);
    const { client } = 'error' in read ? read.target : read.request;
    const isScopeCut = 'request' in read && read.request.isScopeCut;
    request.outcome = { clientId: client.clientId, ...(isScopeCut && { hint: 'scope_left_out' }) };
    if ('error' in read) return this.view.respond(read.target, read.error, request, reply);
    return this.view.show(await this.authorize.advance(read.request, browser, decision), query, request, reply);
  }

  private askAgain(query: string, reply: FastifyReply): void {
    void reply.redirect(this.requests.url(query), 303);
  }
}

const decisions: readonly Decision[] = ['allow', 'deny'];
