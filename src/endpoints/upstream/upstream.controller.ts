import { Controller, Get, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Config } from '../../platform/config/config.js';
import { OAuthError } from '../../oauth/oauth-error.js';
import { UpstreamSignIn } from './upstream-sign-in.service.js';

/** Sign-in through another OpenID provider, if one is configured. */
@ApiExcludeController()
@Controller('sign-in/upstream')
export class UpstreamController {
  constructor(
    private readonly upstream: UpstreamSignIn,
    private readonly config: Config,
  ) {}

  @Get()
  leave(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    this.demandUpstream(request);
    return this.upstream.leave(request, reply);
  }

  @Get('callback')
  arrive(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    this.demandUpstream(request);
    return this.upstream.arrive(request, reply);
  }

  private demandUpstream({ method }: FastifyRequest): void {
    if (!this.config.upstreamIssuer) throw new OAuthError('not_found', { reason: 'no_upstream' });
    // HEAD must not consume a code.
    if (method === 'HEAD') throw OAuthError.methodNotAllowed('GET');
  }
}
