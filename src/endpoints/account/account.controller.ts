import { Controller, Get, Post, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Form } from '../../oauth/form.js';
import type { AuditOrigin } from '../../platform/audit/audit-event.js';
import { browserOf, formOf } from '../../platform/http/browser-context.js';
import type { LoginSession } from '../../sessions/login-session.js';
import { AccountAccess } from './account-access.service.js';
import { AccountOverview } from './account-overview.service.js';
import { AccountSessions } from './account-sessions.service.js';
import { AccountView, loginRequired, type FormResult } from './account.view.js';

/**
 * Where users see and end their sessions and the access of clients. Programs read `/account/data` and send the same forms as the
 * page does, form token included.
 */
@ApiExcludeController()
@Controller('account')
export class AccountController {
  constructor(
    private readonly overview: AccountOverview,
    private readonly sessions: AccountSessions,
    private readonly access: AccountAccess,
    private readonly view: AccountView,
  ) {}

  @Get()
  async show(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const session = await this.sessions.current(browserOf(request));
    if (!session) return this.view.signIn(request, reply);
    return this.view.page(await this.overview.of(session), session, request, reply);
  }

  @Get('data')
  async read(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const session = await this.sessions.current(browserOf(request));
    if (!session) throw loginRequired();
    this.view.json(await this.overview.of(session), session, request, reply);
  }

  @Post('sign-out')
  signOut(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    return this.change(request, reply, async (_form, session, origin) => {
      await this.sessions.end(session.id, session, origin);
      return 'signed_out';
    });
  }

  @Post('sessions/end')
  endSession(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    return this.change(request, reply, async (form, session, origin) => {
      const id = form.get('session_id') ?? '';
      await this.sessions.end(id, session, origin);
      return id === session.id ? 'signed_out' : 'session_ended';
    });
  }

  @Post('sessions/end-all')
  endAllSessions(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    return this.change(request, reply, async (_form, session, origin) => {
      await this.sessions.endAll(session, origin);
      return 'signed_out';
    });
  }

  @Post('access/end')
  endAccess(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    return this.change(request, reply, async (form, session, origin) => {
      await this.access.end(form.get('family_id') ?? '', session, origin);
      return 'access_ended';
    });
  }

  @Post('consents/withdraw')
  withdraw(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    return this.change(request, reply, async (form, session, origin) => {
      await this.access.withdraw(form.get('client_id') ?? '', session, origin);
      return 'consent_withdrawn';
    });
  }

  /** Runs a form of the page, if it was shown to the user who is signed in now. */
  private async change(
    request: FastifyRequest,
    reply: FastifyReply,
    make: (form: Form, session: LoginSession, origin: AuditOrigin) => Promise<FormResult>,
  ): Promise<void> {
    const form = formOf(request);
    const session = await this.sessions.sender(form, browserOf(request));
    if (!session) return this.view.signIn(request, reply);
    const origin = { actor: `user:${session.subject}`, correlationId: request.id };
    this.view.changed(await make(form, session, origin), request, reply);
  }
}
