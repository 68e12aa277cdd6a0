import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { DemandOf, type AdmittedRequest } from '../issuance/bearer.guard.js';
import type { AccessToken } from '../issuance/access-token.js';
import { insufficientScope } from '../oauth/bearer-token.js';
import { adminRoles, grants } from '../oauth/scope.js';
import { clientOfSubject } from '../oauth/subject.js';
import { UsersService } from '../users/users.service.js';

export type AdminRequest = AdmittedRequest & { adminScope: readonly string[] };

/**
 * A user's access token counts only for the roles that the user has now, so a withdrawn role has no effect from the next request
 * on. A client that acts for itself has the scope of its token.
 */
@Injectable()
export class RoleGuard implements CanActivate {
  constructor(
    private readonly users: UsersService,
    private readonly reflector: Reflector,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<AdminRequest>();
    const { scope } = this.reflector.getAllAndOverride(DemandOf, [context.getHandler(), context.getClass()]);
    request.adminScope = await this.scopeOf(request.accessToken);
    if (!grants(request.adminScope, scope)) throw insufficientScope(scope, request.accessToken.clientId);
    return true;
  }

  private async scopeOf({ subject, scope }: AccessToken): Promise<readonly string[]> {
    if (clientOfSubject(subject) !== undefined) return scope;
    const roles = (await this.users.find(subject))?.adminRoles ?? [];
    return adminRoles.filter((role) => grants(scope, role) && grants(roles, role));
  }
}
