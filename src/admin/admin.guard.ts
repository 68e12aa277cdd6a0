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
import { hasTwoAuthorizations } from '../clients/client-auth.guard.js';
import { Config } from '../config/config.js';
import { SECURITY_SCHEME } from '../http/openapi.js';
import { AccessTokenService } from '../issuance/access-token.service.js';
import type { AccessToken } from '../issuance/access-token.js';
import {
  authenticationRequired,
  bearerToken,
  insufficientScope,
  invalidToken,
  twoAccessTokens,
} from '../oauth/bearer-token.js';
import { Form } from '../oauth/form.js';
import { ADMIN_SCOPE } from '../oauth/scope.js';
import { RevocationService } from '../revocation/revocation.service.js';
import type { Admin } from './admin.js';
import { AdminRequestPipe } from './admin-request.pipe.js';
import { ProblemDto } from './problem.dto.js';

/** Lets in access tokens of ours that were made for this server, are alive, and have the admin scope (RFC 6750, RFC 9068 §4). */
@Injectable()
class AdminGuard implements CanActivate {
  constructor(
    private readonly accessTokens: AccessTokenService,
    private readonly revocations: RevocationService,
    private readonly config: Config,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<AdminRequest>();
    const token = await this.authenticate(tokenOf(request));
    if (!token.scope.includes(ADMIN_SCOPE)) throw insufficientScope(ADMIN_SCOPE);
    request.accessToken = token;
    request.outcome = { clientId: token.clientId };
    return true;
  }

  private async authenticate(presented: string): Promise<AccessToken> {
    const token = await this.accessTokens.read(presented);
    if (!token) throw invalidToken('unreadable_access_token');
    if (!token.audience.includes(this.config.issuer)) throw invalidToken('foreign_audience');
    if (await this.revocations.isRevoked(token)) throw invalidToken('revoked_access_token');
    return token;
  }
}

type AdminRequest = FastifyRequest & { accessToken: AccessToken };

/** In the header alone. A token in the query is not even looked at (RFC 9700 §4.3.2); one in the body as well is one too many. */
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

/** Who it is that the guard let in. */
export const ByAdmin = createParamDecorator((_: unknown, context: ExecutionContext): Admin => {
  const { accessToken, id } = context.switchToHttp().getRequest<AdminRequest>();
  return { actor: `admin:${accessToken.clientId}`, correlationId: id };
});

/** A controller below `/admin/v1`: guarded, strict about what it is sent, and described. */
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
