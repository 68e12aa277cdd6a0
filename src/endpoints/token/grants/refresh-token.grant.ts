import { Injectable } from '@nestjs/common';
import type { Authorization } from '../../../issuance/authorization.js';
import { RefreshService } from '../../../refresh/refresh.service.js';
import { RefreshTokenRequestDto } from './token-request.dto.js';
import { Grant, type GrantRequest } from './grant.js';

/** RFC 6749 §6: exchanges a refresh token for a new access token and the next refresh token. */
@Injectable()
export class RefreshTokenGrant extends Grant<RefreshTokenRequestDto> {
  readonly type = 'refresh_token';
  readonly parameters = RefreshTokenRequestDto;

  constructor(private readonly refreshes: RefreshService) {
    super();
  }

  authorize(request: GrantRequest<RefreshTokenRequestDto>): Promise<Authorization> {
    const { client, scope, resource, parameters, context } = request;
    return this.refreshes.redeem(client, parameters.refresh_token, { scope, resource }, context);
  }
}
