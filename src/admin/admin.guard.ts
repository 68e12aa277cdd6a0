import { applyDecorators, Controller, createParamDecorator, UsePipes, type ExecutionContext } from '@nestjs/common';
import { ApiDefaultResponse, ApiExtraModels, ApiSecurity, ApiTags, getSchemaPath } from '@nestjs/swagger';
import { RequireAccessToken, type AdmittedRequest } from '../issuance/bearer.guard.js';
import { SECURITY_SCHEME } from '../server/openapi.js';
import { ADMIN_SCOPE } from '../oauth/scope.js';
import { AdminRequestPipe } from './admin-request.pipe.js';
import { ProblemDto } from './problem.dto.js';
import type { AuditOrigin } from '../platform/audit/audit-event.js';

/** The admin whom the guard admitted. */
export const ByAdmin = createParamDecorator((_: unknown, context: ExecutionContext): AuditOrigin => {
  const { accessToken, id } = context.switchToHttp().getRequest<AdmittedRequest>();
  return { actor: `admin:${accessToken.clientId}`, correlationId: id };
});

/** A controller below `/admin/v1`: guarded, with validated input, and described in OpenAPI. */
export const AdminController = (path: string) =>
  applyDecorators(
    Controller(`admin/v1/${path}`),
    RequireAccessToken({ scope: ADMIN_SCOPE }),
    UsePipes(AdminRequestPipe),
    ApiTags(path),
    ApiSecurity(SECURITY_SCHEME, [ADMIN_SCOPE]),
    ApiExtraModels(ProblemDto),
    ApiDefaultResponse({
      description: 'Anything else: a problem.',
      content: { 'application/problem+json': { schema: { $ref: getSchemaPath(ProblemDto) } } },
    }),
  );
