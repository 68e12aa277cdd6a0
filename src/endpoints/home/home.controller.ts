import { Controller, Get, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { OAuthError } from '../../oauth/oauth-error.js';
import { Config } from '../../platform/config/config.js';
import { browserOf } from '../../platform/http/browser-context.js';
import { LoginSessions } from '../../sessions/login-sessions.service.js';
import { UsersService } from '../../users/users.service.js';
import { HomeView } from './home.view.js';

/** The issuer's URL: a page, a redirect or a 404, as configured. */
@ApiExcludeController()
@Controller()
export class HomeController {
  constructor(
    private readonly sessions: LoginSessions,
    private readonly users: UsersService,
    private readonly view: HomeView,
    private readonly config: Config,
  ) {}

  @Get()
  async home(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const { home } = this.config;
    if (home === 'none') throw new OAuthError('not_found', { reason: 'no_home' });
    if (home !== 'page') return void reply.redirect(home, 302);
    const session = await this.sessions.current(browserOf(request));
    this.view.show(session && (await this.users.nameOf(session.subject)), request, reply);
  }
}
