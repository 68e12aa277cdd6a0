import { Controller, Get, Post, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Config } from '../../platform/config/config.js';
import { issuerPath } from '../../platform/http/issuer-path.js';
import { LoginSessions } from '../../sessions/login-sessions.service.js';
import { Form } from '../../oauth/form.js';
import { OAuthError } from '../../oauth/oauth-error.js';
import { EndSessionPages } from './end-session-pages.service.js';
import { endSessionRequestOf, type EndSessionRequest } from './end-session-request.js';
import { EndSession, type EndSessionOutcome } from './end-session.service.js';

/** Fits into a request line, beside the other headers. */
const MAX_QUERY_CHARACTERS = 8192;

/** The logout endpoint for clients (OpenID Connect RP-Initiated Logout §2), and the form of its page. */
@ApiExcludeController()
@Controller('end-session')
export class EndSessionController {
  constructor(
    private readonly endSession: EndSession,
    private readonly pages: EndSessionPages,
    private readonly sessions: LoginSessions,
    private readonly config: Config,
  ) {}

  @Get()
  async read(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    // HEAD must not sign anyone out.
    if (request.method === 'HEAD') throw OAuthError.methodNotAllowed('GET, POST');
    const asked = endSessionRequestOf(Form.ofTarget(request.url));
    await this.pages.show(await this.endSession.request(asked, request), asked, request, reply);
  }

  /**
   * A form from the client's site comes without the login cookie (SameSite), so the request is repeated by a redirect, which
   * carries it.
   */
  @Post()
  write(@Req() request: FastifyRequest, @Res() reply: FastifyReply): void {
    const query = formOf(request).toString();
    if (query.length > MAX_QUERY_CHARACTERS) throw OAuthError.invalidRequest('too_long');
    void reply.redirect(`${issuerPath(this.config)}/end-session?${query}`, 303);
  }

  @Post('confirm')
  async confirm(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const form = formOf(request);
    const asked = endSessionRequestOf(form);
    await this.pages.show(await this.confirmed(form, asked, request), asked, request, reply);
  }

  private async confirmed(form: Form, asked: EndSessionRequest, request: FastifyRequest): Promise<EndSessionOutcome> {
    const session = await this.sessions.unended(request);
    if (!session) {
      return this.endSession.confirmAgain(this.pages.isShownHere(request, form) ? asked : undefined, request);
    }
    this.pages.check(request, form, session);
    return this.endSession.confirm(asked, session, request);
  }
}

function formOf({ body }: FastifyRequest): Form {
  if (!(body instanceof Form)) throw OAuthError.invalidRequest('not_a_form');
  return body;
}
