import { Controller, Get, Post, Req, Res } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { accountPath } from '../../pages/browser-paths.js';
import { FormTokens } from '../../pages/form-token.service.js';
import { Config } from '../../platform/config/config.js';
import { browserOf, formOf } from '../../platform/http/browser-context.js';
import { HASHES_PASSWORD } from '../../platform/http/deadline.js';
import { LoginSessions } from '../../sessions/login-sessions.service.js';
import { SignIn } from './sign-in.service.js';
import { signInBinding, SignInView } from './sign-in.view.js';

/** Signing in with a username and a password: the page at `/sign-in`, and the form that `/authorize` shows. */
@ApiExcludeController()
@Controller('sign-in')
export class SignInController {
  constructor(
    private readonly signIn: SignIn,
    private readonly sessions: LoginSessions,
    private readonly tokens: FormTokens,
    private readonly view: SignInView,
    private readonly config: Config,
  ) {}

  @Get()
  async show(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const session = await this.sessions.current(browserOf(request));
    if (session) return void reply.redirect(accountPath(this.config), 303);
    this.view.ask({}, request, reply);
  }

  @Post()
  @RouteConfig(HASHES_PASSWORD)
  async submit(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const form = formOf(request);
    const browser = browserOf(request);
    this.tokens.check(browser, form, signInBinding(form.get('authorization_request')));
    const outcome = await this.signIn.withPassword(form, browser);
    if ('location' in outcome) this.view.signedIn(outcome, request, reply);
    else this.view.ask(outcome, request, reply);
  }
}
