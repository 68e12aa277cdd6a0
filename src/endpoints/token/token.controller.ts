import { Controller, HttpCode, Post, UseGuards } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { Authenticated, type AuthenticatedRequest, ClientAuthGuard } from '../../clients/client-auth.guard.js';
import type { TokenResponse } from '../../issuance/issuance.service.js';
import { TokenService } from './token.service.js';

/** The token endpoint (RFC 6749 §3.2). */
@ApiExcludeController()
@Controller('token')
export class TokenController {
  constructor(private readonly tokens: TokenService) {}

  @Post()
  @HttpCode(200)
  @UseGuards(ClientAuthGuard)
  token(@Authenticated() { client, form, context }: AuthenticatedRequest): Promise<TokenResponse> {
    return this.tokens.token(client, form, context);
  }
}
