import { Controller, Get, Post, Req, Res } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyContextConfig, FastifyReply, FastifyRequest } from 'fastify';
import { Form } from '../../oauth/form.js';
import { OAuthError } from '../../oauth/oauth-error.js';
import { AuthorizePages } from './authorize-pages.service.js';

/** The authorization endpoint (RFC 6749 §3.1). */
@ApiExcludeController()
@Controller('authorize')
export class AuthorizeController {
  constructor(private readonly pages: AuthorizePages) {}

  @Get()
  read(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    // RFC 9110 §9.1 requires HEAD beside GET. Without the login session it issues no code.
    if (request.method === 'HEAD') delete request.headers.cookie;
    return this.pages.advance(queryOf(request.url), request, reply);
  }

  /**
   * OpenID Connect Core §3.1.2.1. A form from the client's site comes without the login cookie (SameSite), so the request is
   * repeated by a redirect, which carries it.
   */
  @Post()
  @RouteConfig({ mayRepeat: true } satisfies FastifyContextConfig)
  write(@Req() request: FastifyRequest, @Res() reply: FastifyReply): void {
    if (!(request.body instanceof Form)) throw OAuthError.invalidRequest('not_a_form');
    this.pages.askAgain(request.body.toString(), reply);
  }
}

const queryOf = (url: string): string => url.slice(url.indexOf('?') + 1 || url.length);
