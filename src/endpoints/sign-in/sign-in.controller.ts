import { Controller, Get, Post, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Form } from '../../oauth/form.js';
import { OAuthError } from '../../oauth/oauth-error.js';
import { SignInPages } from './sign-in-pages.service.js';

/** Signing in with a username and a password: the page at `/sign-in`, and the form that `/authorize` shows. */
@ApiExcludeController()
@Controller('sign-in')
export class SignInController {
  constructor(private readonly pages: SignInPages) {}

  @Get()
  show(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    return this.pages.show(request, reply);
  }

  @Post()
  submit(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    if (!(request.body instanceof Form)) throw OAuthError.invalidRequest('not_a_form');
    return this.pages.submit(request.body, request, reply);
  }
}
