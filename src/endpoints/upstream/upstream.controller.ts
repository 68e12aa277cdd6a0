import { Controller, Get, Req, Res } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Config } from '../../platform/config/config.js';
import { browserOf } from '../../platform/http/browser-context.js';
import { ASKS_UPSTREAM } from '../../platform/http/deadline.js';
import { contextOf } from '../../platform/http/request-context.js';
import { Form } from '../../oauth/form.js';
import { OAuthError } from '../../oauth/oauth-error.js';
import { SignIn } from '../sign-in/sign-in.service.js';
import { SignInView } from '../sign-in/sign-in.view.js';
import { UpstreamSignIn } from './upstream-sign-in.service.js';
import { UpstreamView } from './upstream.view.js';

/** Sign-in through another OpenID provider, if one is configured. */
@ApiExcludeController()
@Controller('sign-in/upstream')
export class UpstreamController {
  constructor(
    private readonly upstream: UpstreamSignIn,
    private readonly view: UpstreamView,
    private readonly signIn: SignIn,
    private readonly signInView: SignInView,
    private readonly config: Config,
  ) {}

  @Get()
  async leave(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    this.demandUpstream(request);
    const query = Form.ofTarget(request.url).get('authorization_request');
    const outcome = await this.upstream.leave(query, contextOf(request));
    if ('error' in outcome) return this.view.failed(outcome, request, reply);
    void reply.header('set-cookie', outcome.cookie).redirect(outcome.location, 303);
  }

  @Get('callback')
  @RouteConfig(ASKS_UPSTREAM)
  async arrive(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    this.demandUpstream(request);
    const browser = browserOf(request);
    const pending = this.upstream.inProgress(request.url, browser);
    if ('error' in pending) return this.view.failed(pending, request, reply);
    // It is over now, whatever the outcome, unexpected errors included.
    void reply.header('set-cookie', this.upstream.expiredCookie);
    const proof = await this.upstream.prove(pending, request.url, browser);
    if ('error' in proof) return this.view.failed(proof, request, reply);
    const signedIn = await this.signIn.complete(proof, pending.authorizationRequest, browser);
    this.signInView.signedIn(signedIn, request, reply);
  }

  private demandUpstream({ method }: FastifyRequest): void {
    if (!this.config.upstreamIssuer) throw new OAuthError('not_found', { reason: 'no_upstream' });
    // HEAD must not consume a code.
    if (method === 'HEAD') throw OAuthError.methodNotAllowed('GET');
  }
}
