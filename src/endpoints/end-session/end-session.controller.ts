import { Controller, Get, Post, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Form } from '../../oauth/form.js';
import { OAuthError } from '../../oauth/oauth-error.js';
import { FormTokens } from '../../pages/form-token.service.js';
import { Config } from '../../platform/config/config.js';
import { browserOf, formOf, type BrowserContext } from '../../platform/http/browser-context.js';
import { issuerPath } from '../../platform/http/issuer-path.js';
import { LoginSessions } from '../../sessions/login-sessions.service.js';
import { endSessionRequestOf, type EndSessionRequest } from './end-session-request.js';
import { EndSession, type EndSessionOutcome } from './end-session.service.js';
import { endSessionBinding, EndSessionView, SESSION } from './end-session.view.js';

/** Fits into a request line, beside the other headers. */
const MAX_QUERY_CHARACTERS = 8192;

/** The logout endpoint for clients (OpenID Connect RP-Initiated Logout §2), and the form of its page. */
@ApiExcludeController()
@Controller('end-session')
export class EndSessionController {
  constructor(
    private readonly endSession: EndSession,
    private readonly view: EndSessionView,
    private readonly tokens: FormTokens,
    private readonly sessions: LoginSessions,
    private readonly config: Config,
  ) {}

  @Get()
  async read(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    // HEAD must not sign anyone out.
    if (request.method === 'HEAD') throw OAuthError.methodNotAllowed('GET, POST');
    const asked = endSessionRequestOf(Form.ofTarget(request.url));
    const requester = await this.endSession.requesterOf(asked);
    request.outcome = { clientId: requester.client?.clientId };
    this.view.show(await this.endSession.request(asked, requester, browserOf(request)), asked, request, reply);
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
    this.view.show(await this.confirmed(form, asked, browserOf(request)), asked, request, reply);
  }

  private async confirmed(form: Form, asked: EndSessionRequest, browser: BrowserContext): Promise<EndSessionOutcome> {
    const session = await this.sessions.unended(browser);
    if (session) {
      this.tokens.check(browser, form, endSessionBinding(session.id));
      return this.endSession.confirm(asked, session, browser);
    }
    // This browser was shown the form in a login session that has ended since.
    const isOurs = this.tokens.isOurs(browser, form, endSessionBinding(form.get(SESSION) ?? ''));
    return this.endSession.confirmAgain(isOurs ? asked : undefined);
  }
}
