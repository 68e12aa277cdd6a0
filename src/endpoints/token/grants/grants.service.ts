import { Injectable } from '@nestjs/common';
import { AuthorizationCodeGrant } from './authorization-code.grant.js';
import { ClientCredentialsGrant } from './client-credentials.grant.js';
import type { Grant } from './grant.js';
import { RefreshTokenGrant } from './refresh-token.grant.js';

/** The grants of this server, for the metadata and for `POST /token`. */
@Injectable()
export class Grants {
  private readonly byType: ReadonlyMap<string, Grant>;

  constructor(
    refreshToken: RefreshTokenGrant,
    authorizationCode: AuthorizationCodeGrant,
    clientCredentials: ClientCredentialsGrant,
  ) {
    this.byType = new Map([refreshToken, authorizationCode, clientCredentials].map((grant) => [grant.type, grant]));
  }

  find(grantType: string): Grant | undefined {
    return this.byType.get(grantType);
  }

  get types(): string[] {
    return [...this.byType.keys()];
  }
}
