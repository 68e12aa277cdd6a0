import {
  applyDecorators,
  Controller,
  createParamDecorator,
  Injectable,
  UseGuards,
  UsePipes,
  type CanActivate,
  type ExecutionContext,
} from '@nestjs/common';
import { ApiDefaultResponse, ApiExtraModels, ApiSecurity, ApiTags, getSchemaPath } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { AccessTokenAdmission } from '../issuance/access-token-admission.service.js';
import { hasTwoAuthorizations } from '../clients/client-auth.guard.js';
import { SECURITY_SCHEME } from '../server/openapi.js';
import type { AccessToken } from '../issuance/access-token.js';
import { authenticationRequired, bearerToken, twoAccessTokens } from '../oauth/bearer-token.js';
import { Form } from '../oauth/form.js';
import { ADMIN_SCOPE } from '../oauth/scope.js';
import { AdminRequestPipe } from './admin-request.pipe.js';
import { ProblemDto } from './problem.dto.js';
import type { AuditOrigin } from '../platform/audit/audit-event.js';

/** Admits our valid access tokens that were issued for this server and have the admin scope (RFC 6750, RFC 9068 §4). */
@Injectable()
class AdminGuard implements CanActivate {
  constructor(private readonly admission: AccessTokenAdmission) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<AdminRequest>();
    request.accessToken = await this.admission.admit(tokenOf(request), ADMIN_SCOPE);
    request.outcome = { clientId: request.accessToken.clientId };
    return true;
  }
}

type AdminRequest = FastifyRequest & { accessToken: AccessToken };

/** From the header only. A token in the query is ignored (RFC 9700 §4.3.2); a second one in the body is refused. */
function tokenOf(request: FastifyRequest): string {
  const token = bearerToken(request.headers.authorization);
  if (token === undefined) throw authenticationRequired();
  if (hasTokenInBody(request.body) || hasTwoAuthorizations(request)) throw twoAccessTokens();
  return token;
}

const hasTokenInBody = (body: unknown): boolean =>
  body instanceof Form
    ? body.get('access_token') !== undefined
    : typeof body === 'object' && body !== null && 'access_token' in body;

/** The admin whom the guard admitted. */
export const ByAdmin = createParamDecorator((_: unknown, context: ExecutionContext): AuditOrigin => {
  const { accessToken, id } = context.switchToHttp().getRequest<AdminRequest>();
  return { actor: `admin:${accessToken.clientId}`, correlationId: id };
});

/** A controller below `/admin/v1`: guarded, with validated input, and described in OpenAPI. */
export const AdminController = (path: string) =>
  applyDecorators(
    Controller(`admin/v1/${path}`),
    UseGuards(AdminGuard),
    UsePipes(AdminRequestPipe),
    ApiTags(path),
    ApiSecurity(SECURITY_SCHEME, [ADMIN_SCOPE]),
    ApiExtraModels(ProblemDto),
    ApiDefaultResponse({
      description: 'Anything else: a problem.',
      content: { 'application/problem+json': { schema: { $ref: getSchemaPath(ProblemDto) } } },
    }),
  );
