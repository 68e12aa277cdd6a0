import { Controller, Get, Post, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { LoginSession } from '../../sessions/login-session.js';
import { AccountAccess } from './account-access.service.js';
import { AccountAnswers } from './account-answers.service.js';
import { AccountPages } from './account-pages.service.js';
import { AccountSessions } from './account-sessions.service.js';
import type { AuditOrigin } from '../../platform/audit/audit-event.js';

/**
 * Where users see and end their sessions and the access of clients. Programs read `/account/data` and send the same forms as the
 * page does, form token included.
 */
@ApiExcludeController()
@Controller('account')
export class AccountController {
  constructor(
    private readonly answers: AccountAnswers,
    private readonly pages: AccountPages,
    private readonly sessions: AccountSessions,
    private readonly access: AccountAccess,
  ) {}

  @Get()
  async show(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const session = await this.answers.signedIn(request, reply);
    if (session) await this.pages.show(session, request, reply);
  }

  @Get('data')
  async read(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const session = await this.answers.signedInForJson(request);
    await this.pages.json(session, request, reply);
  }

  @Post('sign-out')
  async signOut(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const session = await this.answers.signedIn(request, reply);
    if (!session) return;
    this.pages.formOf(request, session);
    await this.sessions.end(session.id, session, originOf(session, request));
    this.answers.signedOut(request, reply);
  }

  @Post('sessions/end')
  async endSession(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const session = await this.answers.signedIn(request, reply);
    if (!session) return;
    const id = this.pages.formOf(request, session).get('session_id') ?? '';
    await this.sessions.end(id, session, originOf(session, request));
    if (id === session.id) return this.answers.signedOut(request, reply);
    this.answers.done('session_ended', request, reply);
  }

  @Post('sessions/end-all')
  async endAllSessions(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const session = await this.answers.signedIn(request, reply);
    if (!session) return;
    this.pages.formOf(request, session);
    await this.sessions.endAll(session, originOf(session, request));
    this.answers.signedOut(request, reply);
  }

  @Post('access/end')
  async endAccess(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const session = await this.answers.signedIn(request, reply);
    if (!session) return;
    const sid = this.pages.formOf(request, session).get('sid') ?? '';
    await this.access.end(sid, session, originOf(session, request));
    this.answers.done('access_ended', request, reply);
  }

  @Post('agreements/withdraw')
  async withdraw(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const session = await this.answers.signedIn(request, reply);
    if (!session) return;
    const clientId = this.pages.formOf(request, session).get('client_id') ?? '';
    await this.access.withdraw(clientId, session, originOf(session, request));
    this.answers.done('agreement_withdrawn', request, reply);
  }
}

const originOf = ({ subject }: LoginSession, { id }: FastifyRequest): AuditOrigin => ({
  actor: `user:${subject}`,
  correlationId: id,
});
