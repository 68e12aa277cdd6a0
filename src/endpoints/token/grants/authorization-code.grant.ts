import { Injectable } from '@nestjs/common';
import { CodeRedemption } from '../../../authorization/code-redemption.service.js';
import type { Authorization } from '../../../issuance/authorization.js';
import { AuthorizationCodeRequestDto } from './token-request.dto.js';
import { Grant, type GrantRequest } from './grant.js';

/** RFC 6749 §4.1.3: exchanges an authorization code for the first tokens of its family. */
@Injectable()
export class AuthorizationCodeGrant extends Grant<AuthorizationCodeRequestDto> {
  readonly type = 'authorization_code';
  readonly parameters = AuthorizationCodeRequestDto;

  constructor(private readonly codes: CodeRedemption) {
    super();
  }

  authorize(request: GrantRequest<AuthorizationCodeRequestDto>): Promise<Authorization> {
    const { client, resource, parameters, context } = request;
    const presented = {
      code: parameters.code,
      redirectUri: parameters.redirect_uri,
      codeVerifier: parameters.code_verifier,
      resource,
    };
    return this.codes.redeem(client, presented, context);
  }
}
