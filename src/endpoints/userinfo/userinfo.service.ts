import { Injectable } from '@nestjs/common';
import { ClientDirectory } from '../../clients/client-directory.service.js';
import { demandAllowedOrigin } from '../../clients/script-origins.js';
import type { AccessToken } from '../../issuance/access-token.js';
import { invalidToken } from '../../oauth/bearer-token.js';
import { FamiliesService } from '../../families/families.service.js';
import { SubjectsService } from '../../users/subjects.service.js';
import { ScopeCatalog } from '../../scopes/scope-catalog.service.js';
import { releasedClaims, releasedNames, type UserClaims } from '../../users/released-claims.js';
import { UsersService } from '../../users/users.service.js';

export type Userinfo = { readonly sub: string } & UserClaims;

/** The claims for the client: those of the scope, and those that it requested by name. */
@Injectable()
export class UserinfoService {
  constructor(
    private readonly users: UsersService,
    private readonly subjects: SubjectsService,
    private readonly families: FamiliesService,
    private readonly clients: ClientDirectory,
    private readonly scopes: ScopeCatalog,
  ) {}

  /**
   * @param origin of the page whose script asks
   * @throws OAuthError unauthorized_client for an origin that the client has not registered; invalid_token if the user does not
   *   exist or is disabled
   */
  async of({ subject, scope, familyId, clientId }: AccessToken, origin: string | undefined): Promise<Userinfo> {
    const client = await this.clients.find(clientId);
    if (!client) throw invalidToken('no_such_client', clientId);
    if (origin !== undefined) demandAllowedOrigin(client, origin);
    const claims = await this.users.claimsOf(subject);
    if (!claims || (await this.subjects.isDisabled(subject))) throw invalidToken('no_such_user');
    const requestedClaims = familyId === undefined ? undefined : await this.families.requestedClaims(familyId);
    const names = releasedNames('userinfo', { client, scope, requestedClaims }, await this.scopes.definitions());
    return { ...releasedClaims(claims, names, client.claimNames), sub: subject };
  }
}
