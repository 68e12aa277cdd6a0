import { Injectable } from '@nestjs/common';
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
  ) {}

  /** @throws OAuthError invalid_token if the user does not exist or is disabled */
  async of({ subject, scope, familyId }: AccessToken): Promise<Userinfo> {
    const claims = await this.users.claimsOf(subject);
    if (!claims || (await this.subjects.isDisabled(subject))) throw invalidToken('no_such_user');
    const requested = familyId === undefined ? undefined : await this.families.requestedClaims(familyId);
    return { sub: subject, ...releasedClaims(claims, [...claimNamesOf(scope), ...(requested?.userinfo ?? [])]) };
  }
}
