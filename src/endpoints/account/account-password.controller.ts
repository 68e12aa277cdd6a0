import { Controller, Get, Post, Req, Res } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { browserOf, formOf } from '../../platform/http/browser-context.js';
import { HASHES_PASSWORD } from '../../platform/http/deadline.js';
import { AccountPassword } from './account-password.service.js';
import { AccountPasswordView } from './account-password.view.js';
import { AccountSessions } from './account-sessions.service.js';
import { AccountView } from './account.view.js';

/** Where users change their password. */
@ApiExcludeController()
@Controller('account/password')
export class AccountPasswordController {
  constructor(
    private readonly sessions: AccountSessions,
    private readonly password: AccountPassword,
    private readonly account: AccountView,
    private readonly view: AccountPasswordView,
  ) {}

  @Get()
  async show(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const session = await this.sessions.current(browserOf(request));
    if (!session) return this.account.signIn(request, reply);
    if (!(await this.password.exists(session))) return this.account.unchanged(reply);
    this.view.ask(undefined, session, request, reply);
  }

  @Post()
  @RouteConfig(HASHES_PASSWORD)
  async change(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const form = formOf(request);
    const browser = browserOf(request);
    const session = await this.sessions.sender(form, browser);
    if (!session) return this.account.signIn(request, reply);
    const outcome = await this.password.change(form, session, browser);
    if (outcome.verdict === 'changed') this.account.changed('password_changed', request, reply);
    else if (outcome.verdict === 'session_ended') this.account.signIn(request, reply);
    else this.view.ask(outcome, session, request, reply);
  }
}
