import { Controller, Get, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { OAuthError } from '../../oauth/oauth-error.js';
import { Config } from '../../platform/config/config.js';
import { HomePages } from './home-pages.service.js';

/** The issuer's URL: a page, a redirect or a 404, as configured. */
@ApiExcludeController()
@Controller()
export class HomeController {
  constructor(
    private readonly pages: HomePages,
    private readonly config: Config,
  ) {}

  @Get()
  async home(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const { home } = this.config;
    if (home === 'none') throw new OAuthError('not_found', { reason: 'no_home' });
    if (home === 'page') return this.pages.show(request, reply);
    void reply.redirect(home, 302);
  }
}
