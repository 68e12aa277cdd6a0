import { Controller, HttpCode, Post, UseGuards } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { Authenticated, type AuthenticatedRequest, ClientAuthGuard } from '../../clients/client-auth.guard.js';
import { TokenParameterDto } from '../../oauth/token-parameter.dto.js';
import { validateRequest } from '../../oauth/validate-request.js';
import { TokenRevocationService } from './token-revocation.service.js';

/** The revocation endpoint for clients (RFC 7009). */
@ApiExcludeController()
@Controller('revoke')
export class RevocationController {
  constructor(private readonly revocations: TokenRevocationService) {}

  /** 200 with `{}` means durably revoked. Also for invalid, unknown and already revoked tokens (§2.2). */
  @Post()
  @HttpCode(200)
  @UseGuards(ClientAuthGuard)
  async revoke(@Authenticated() { client, form, context }: AuthenticatedRequest): Promise<object> {
    const { token } = validateRequest(TokenParameterDto, form);
    await this.revocations.revoke(client, token, context);
    // RFC 7009 §2.2 has clients ignore the body, but some parse it.
    return {};
  }
}
