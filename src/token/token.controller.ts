import { Controller, HttpCode, Post, UseGuards } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { Client } from '../clients/client.js';
import { AuthenticatedClient, ClientAuthGuard, FormBody } from '../clients/client-auth.guard.js';
import { Context, type RequestContext } from '../http/request-context.js';
import type { TokenResponse } from '../issuance/access-token.service.js';
import { Form } from '../oauth/form.js';
import { TokenService } from './token.service.js';

/** The token endpoint (RFC 6749 §3.2). */
@ApiExcludeController()
@Controller('token')
export class TokenController {
  constructor(private readonly tokens: TokenService) {}

  @Post()
  @HttpCode(200)
  @UseGuards(ClientAuthGuard)
  token(
    @AuthenticatedClient() client: Client,
    @FormBody() form: Form,
    @Context() context: RequestContext,
  ): Promise<TokenResponse> {
    return this.tokens.token(client, form, context);
  }
}
