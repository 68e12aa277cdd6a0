import { Controller, Post, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Form } from '../../oauth/form.js';
import { OAuthError } from '../../oauth/oauth-error.js';
import { AuthorizePages } from './authorize-pages.service.js';
import type { Decision } from './authorize.service.js';

/** Receives the form of the consent page. */
@ApiExcludeController()
@Controller('consent')
export class ConsentController {
  constructor(private readonly pages: AuthorizePages) {}

  @Post()
  answer(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const form = request.body;
    if (!(form instanceof Form)) throw OAuthError.invalidRequest('not_a_form');
    const query = form.get('authorization_request');
    const decision = decisions.find((one) => one === form.get('decision'));
    if (query === undefined || !decision) throw OAuthError.invalidRequest('bad_consent_form');
    return this.pages.decide({ form, query, decision }, request, reply);
  }
}

const decisions: readonly Decision[] = ['allow', 'deny'];
