import {
  applyDecorators,
  Controller,
  createParamDecorator,
  UseGuards,
  UsePipes,
  type ExecutionContext,
} from '@nestjs/common';
import { ApiDefaultResponse, ApiExtraModels, ApiSecurity, ApiTags, getSchemaPath } from '@nestjs/swagger';
import { DemandOf, RequireAccessToken } from '../issuance/bearer.guard.js';
import { clientSubject } from '../oauth/subject.js';
import { SECURITY_SCHEME } from '../server/openapi.js';
import { ADMIN_SCOPE, type AdminRole } from '../oauth/scope.js';
import { auditedOf, contextOf } from '../platform/http/request-context.js';
import { AdminRequestPipe } from './admin-request.pipe.js';
import { ProblemDto } from './problem.dto.js';
import { RoleGuard, type AdminRequest } from './role.guard.js';
import type { AuditOrigin } from '../platform/audit/audit-event.js';

/** Who makes a change, and their scope. */
export interface Admin extends AuditOrigin {
  readonly scope: readonly string[];
}

/** The admin whom the guards admitted: a user, or a client that acts for itself. */
export const ByAdmin = createParamDecorator((_: unknown, context: ExecutionContext): Admin => {
  const request = context.switchToHttp().getRequest<AdminRequest>();
  const { accessToken, adminScope } = request;
  const { subject, clientId } = accessToken;
  const actor = subject === clientSubject(clientId) ? subject : `user:${subject}`;
  return { actor, ...auditedOf(contextOf(request)), scope: adminScope };
});

/** The role that an operation needs. Without one it needs them all. */
export const Needs = (role: AdminRole) =>
  applyDecorators(DemandOf({ scope: role }), ApiSecurity(SECURITY_SCHEME, [role]));

/** A controller below `/admin/v1`: guarded, with validated input, and described in OpenAPI. */
export const AdminController = (path: string) =>
  applyDecorators(
    Controller(`admin/v1/${path}`),
    RequireAccessToken({ scope: ADMIN_SCOPE }),
    UseGuards(RoleGuard),
    UsePipes(AdminRequestPipe),
    ApiTags(path),
    ApiExtraModels(ProblemDto),
    ApiDefaultResponse({
      description: 'Anything else: a problem.',
      content: { 'application/problem+json': { schema: { $ref: getSchemaPath(ProblemDto) } } },
    }),
  );
