import { Injectable } from '@nestjs/common';
import type { Authorization } from '../../../issuance/authorization.js';
import { randomIdentity } from '../../../issuance/access-token.js';
import { OAuthError } from '../../../oauth/oauth-error.js';
import { OFFLINE_ACCESS, OPENID } from '../../../oauth/scope.js';
import { clientSubject } from '../../../oauth/subject.js';
import { Clock } from '../../../platform/time/clock.js';
import { TokenRequestDto } from './token-request.dto.js';
import { Grant, type GrantRequest } from './grant.js';

/** `openid` and `offline_access` need a user (OpenID Connect Core §3.1.2.1, §11), and this grant has none. */
const meansUser = (token: string): boolean => token === OPENID || token === OFFLINE_ACCESS;

/** RFC 6749 §4.4: a client acts for itself. No refresh token, because it has its credentials. */
@Injectable()
export class ClientCredentialsGrant extends Grant {
  readonly type = 'client_credentials';
  readonly parameters = TokenRequestDto;

  constructor(private readonly clock: Clock) {
    super();
  }

  authorize({ client, scope, resource }: GrantRequest): Promise<Authorization> {
    if (client.type !== 'confidential') throw OAuthError.unauthorizedClient('public_client');
    if (scope?.some(meansUser)) {
      throw OAuthError.invalidScope(
        'scope_of_a_user',
        'This grant has no user, whom openid and offline_access are about.',
      );
    }
    const issuedAt = this.clock.now();
    return Promise.resolve({
      client,
      subject: clientSubject(client.clientId),
      scope: scope ?? client.scopes.filter((token) => !meansUser(token)),
      jti: randomIdentity(issuedAt),
      issuedAt,
      ...(resource && { resource }),
    });
  }
}
