import { Injectable } from '@nestjs/common';
import type { Authorization } from '../../../issuance/authorization.js';
import { randomIdentity } from '../../../issuance/token-identity.js';
import { OAuthError } from '../../../oauth/oauth-error.js';
import { clientSubject } from '../../../oauth/subject.js';
import { Clock } from '../../../platform/time/clock.js';
import { TokenRequestDto } from './token-request.dto.js';
import { Grant, type GrantRequest } from './grant.js';

/** RFC 6749 §4.4: a client acts for itself. No refresh token: it has its credentials. */
@Injectable()
export class ClientCredentialsGrant extends Grant {
  readonly type = 'client_credentials';
  readonly parameters = TokenRequestDto;

  constructor(private readonly clock: Clock) {
    super();
  }

  authorize({ client, scope, resource }: GrantRequest): Promise<Authorization> {
    if (client.type !== 'confidential') throw OAuthError.unauthorizedClient('public_client');
    const bornAt = this.clock.now();
    return Promise.resolve({
      client,
      subject: clientSubject(client.clientId),
      scope: scope ?? client.scopes,
      jti: randomIdentity(bornAt),
      bornAt,
      ...(resource && { resource }),
    });
  }
}
