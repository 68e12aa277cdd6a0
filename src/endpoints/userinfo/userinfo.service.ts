import { Injectable } from '@nestjs/common';
import { ClientDirectory } from '../../clients/client-directory.service.js';
import { demandAllowedOrigin } from '../../clients/script-origins.js';
import type { AccessToken } from '../../issuance/access-token.js';
import { invalidToken } from '../../oauth/bearer-token.js';
import { FamiliesService } from '../../families/families.service.js';
import { SubjectsService } from '../../users/subjects.service.js';
import { claimNamesOf, releasedClaims } from '../../users/released-claims.js';
import type { StandardClaims } from '../../oauth/standard-claims.js';
import { UsersService } from '../../users/users.service.js';

export type Userinfo = { readonly sub: string } & StandardClaims;

/** The claims for the client: those of the scope, and those that it requested by name. */
@Injectable()
export class UserinfoService {
  constructor(
    private readonly users: UsersService,
    private readonly subjects: SubjectsService,
    private readonly families: FamiliesService,
    private readonly clients: ClientDirectory,
  ) {}

  /**
   * @param origin of the page whose script asks
   * @throws OAuthError unauthorized_client for an origin that the client has not registered; invalid_token if the user does not
   *   exist or is disabled
   */
  async of({ subject, scope, familyId, clientId }: AccessToken, origin: string | undefined): Promise<Userinfo> {
    if (origin !== undefined) await this.demandOrigin(clientId, origin);
    const claims = await this.users.claimsOf(subject);
    if (!claims || (await this.subjects.isDisabled(subject))) throw invalidToken('no_such_user');
    const requested = familyId === undefined ? undefined : await this.families.requestedClaims(familyId);
    return { sub: subject, ...releasedClaims(claims, [...claimNamesOf(scope), ...(requested?.userinfo ?? [])]) };
  }

  private async demandOrigin(clientId: string, origin: string): Promise<void> {
    const client = await this.clients.find(clientId);
    if (!client) throw invalidToken('no_such_client', clientId);
    demandAllowedOrigin(client, origin);
  }
}
