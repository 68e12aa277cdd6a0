import { Controller, HttpCode, Post, UseGuards } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { Authenticated, type AuthenticatedRequest, ClientAuthGuard } from '../../clients/client-auth.guard.js';
import { OAuthError } from '../../oauth/oauth-error.js';
import { TokenParameterDto } from '../../oauth/token-parameter.dto.js';
import { validateRequest } from '../../oauth/validate-request.js';
import { CallerLimit } from './caller-limit.service.js';
import { IntrospectionService, type Introspection } from './introspection.service.js';

/** The introspection endpoint (RFC 7662). */
@ApiExcludeController()
@Controller('introspect')
export class IntrospectionController {
  constructor(
    private readonly introspections: IntrospectionService,
    private readonly limit: CallerLimit,
  ) {}

  @Post()
  @HttpCode(200)
  @UseGuards(ClientAuthGuard)
  introspect(@Authenticated() { client: caller, form }: AuthenticatedRequest): Promise<Introspection> {
    // RFC 7662 §2.1: the caller must be authorized, and a public client only names itself.
    if (caller.type === 'public') throw OAuthError.invalidClient('public_client');
    this.limit.take(caller.clientId);
    const { token } = validateRequest(TokenParameterDto, form);
    return this.introspections.introspect(caller, token);
  }
}
