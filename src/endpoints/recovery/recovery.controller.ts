import { Controller, Get, Post, Req, Res } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { LINK } from '../../mail/mail-link.js';
import { Form } from '../../oauth/form.js';
import { OAuthError } from '../../oauth/oauth-error.js';
import { FormTokens } from '../../pages/form-token.service.js';
import { browserOf, formOf } from '../../platform/http/browser-context.js';
import { HASHES_PASSWORD } from '../../platform/http/deadline.js';
import { PasswordReset } from './password-reset.service.js';
import { FORGOTTEN_BINDING, RecoveryView, resetBinding } from './recovery.view.js';

/** A forgotten password: asking for a mail, and the page that its link leads to. Without SMTP none of it exists. */
@ApiExcludeController()
@Controller('sign-in')
export class RecoveryController {
  constructor(
    private readonly resets: PasswordReset,
    private readonly tokens: FormTokens,
    private readonly view: RecoveryView,
  ) {}

  @Get('forgotten')
  forgotten(@Req() request: FastifyRequest, @Res() reply: FastifyReply): void {
    this.demandMail();
    this.view.ask(undefined, request, reply);
  }

  @Post('forgotten')
  async ask(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    this.demandMail();
    const [form, browser] = [formOf(request), browserOf(request)];
    this.tokens.check(browser, form, FORGOTTEN_BINDING);
    const outcome = await this.resets.request(form, browser, this.view.languageOf(request));
    if (outcome.verdict === 'throttled') this.view.ask(outcome.retryAfterSeconds, request, reply);
    else this.view.taken(reply);
  }

  @Get('forgotten/sent')
  sent(@Req() request: FastifyRequest, @Res() reply: FastifyReply): void {
    this.demandMail();
    this.view.sent(request, reply);
  }

  /** Opening the link changes nothing: mail programs open links to look at them. */
  @Get('new-password')
  async open(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    this.demandMail();
    const opened = await this.resets.open(Form.ofTarget(request.url).get(LINK) ?? '');
    if (opened) this.view.choose(opened, undefined, request, reply);
    else this.view.expired(request, reply);
  }

  @Post('new-password')
  @RouteConfig(HASHES_PASSWORD)
  async choose(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    this.demandMail();
    const [form, browser] = [formOf(request), browserOf(request)];
    this.tokens.check(browser, form, resetBinding(form.get(LINK)));
    const outcome = await this.resets.reset(form, browser);
    if (outcome.verdict === 'changed') this.view.changed(reply);
    else if (outcome.verdict === 'expired') this.view.expired(request, reply);
    else this.view.choose(outcome, outcome, request, reply);
  }

  private demandMail(): void {
    if (!this.resets.isOn) throw new OAuthError('not_found', { reason: 'no_smtp' });
  }
}
