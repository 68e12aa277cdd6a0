import {
  applyDecorators,
  createParamDecorator,
  Injectable,
  UseGuards,
  type CanActivate,
  type ExecutionContext,
} from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyRequest } from 'fastify';
import {
  authenticationRequired,
  bearerToken,
  insufficientScope,
  invalidToken,
  twoAccessTokens,
} from '../oauth/bearer-token.js';
import { Form } from '../oauth/form.js';
import { grants } from '../oauth/scope.js';
import { Config } from '../platform/config/config.js';
import { hasTwoAuthorizations } from '../platform/http/request-context.js';
import { RevocationService } from '../revocation/revocation.service.js';
import type { AccessToken } from './access-token.js';
import { IssuanceService } from './issuance.service.js';

/** What a protected route asks of the access token. */
export interface Demand {
  readonly scope: string;
  /** Whether it may also be a form parameter (RFC 6750 §2.2). */
  readonly mayBeInForm?: boolean;
}

export type AdmittedRequest = FastifyRequest & { accessToken: AccessToken };

export const DemandOf = Reflector.createDecorator<Demand>();

/** Admits our valid access tokens that were issued for this server and have the scope of the route (RFC 6750, RFC 9068 §4). */
@Injectable()
class BearerGuard implements CanActivate {
  constructor(
    private readonly issuance: IssuanceService,
    private readonly revocations: RevocationService,
    private readonly reflector: Reflector,
    private readonly config: Config,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<AdmittedRequest>();
    const demand = this.reflector.getAllAndOverride(DemandOf, [context.getHandler(), context.getClass()]);
    request.accessToken = await this.admit(tokenOf(request, demand), demand);
    request.outcome = { clientId: request.accessToken.clientId };
    return true;
  }

  /** @throws OAuthError invalid_token, insufficient_scope (RFC 6750 §3.1) */
  private async admit(presented: string, { scope }: Demand): Promise<AccessToken> {
    const token = await this.issuance.readAccessToken(presented);
    if (!token) throw invalidToken('unreadable_access_token');
    const { audience, clientId } = token;
    if (!audience.includes(this.config.issuer)) throw invalidToken('foreign_audience', clientId);
    if (await this.revocations.isRevoked(token)) throw invalidToken('revoked_access_token', clientId);
    if (!grants(token.scope, scope)) throw insufficientScope(scope, clientId);
    return token;
  }
}

/** Guards a controller or a route. Its module imports those of the guard: config, issuance, revocation. */
export const RequireAccessToken = (demand: Demand) => applyDecorators(DemandOf(demand), UseGuards(BearerGuard));

/** The access token that the guard admitted. */
export const Admitted = createParamDecorator(
  (_: unknown, context: ExecutionContext): AccessToken =>
    context.switchToHttp().getRequest<AdmittedRequest>().accessToken,
);

/** A token in the query is ignored (RFC 9700 §4.3.2); two at once are refused (RFC 6750 §2). */
function tokenOf(request: FastifyRequest, { mayBeInForm = false }: Demand): string {
  const inHeader = bearerToken(request.headers.authorization);
  if (hasTwoAuthorizations(request) || (inHeader !== undefined && hasTokenInBody(request.body))) {
    throw twoAccessTokens();
  }
  const inForm = mayBeInForm && request.body instanceof Form ? request.body.get('access_token') : undefined;
  const token = inHeader ?? inForm;
  if (token === undefined) throw authenticationRequired();
  return token;
}

const hasTokenInBody = (body: unknown): boolean =>
  body instanceof Form
    ? body.get('access_token') !== undefined
    : typeof body === 'object' && body !== null && 'access_token' in body;
