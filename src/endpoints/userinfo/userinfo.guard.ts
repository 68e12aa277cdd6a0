import { createParamDecorator, Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { AccessTokenAdmission } from '../../issuance/access-token-admission.service.js';
import { hasTwoAuthorizations } from '../../clients/client-auth.guard.js';
import type { AccessToken } from '../../issuance/access-token.js';
import { authenticationRequired, bearerToken, twoAccessTokens } from '../../oauth/bearer-token.js';
import { Form } from '../../oauth/form.js';
import { OPENID } from '../../oauth/scope.js';

/** Admits our valid access tokens that have the scope `openid` and this server in their audience. */
@Injectable()
export class UserinfoGuard implements CanActivate {
  constructor(private readonly admission: AccessTokenAdmission) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const http = context.switchToHttp();
    const request = http.getRequest<UserinfoRequest>();
    allowScripts(http.getResponse<FastifyReply>());
    request.accessToken = await this.admission.admit(tokenOf(request), OPENID);
    request.outcome = { clientId: request.accessToken.clientId };
    return true;
  }
}

type UserinfoRequest = FastifyRequest & { accessToken: AccessToken };

/** The access token that the guard let in. */
export const Admitted = createParamDecorator(
  (_: unknown, context: ExecutionContext): AccessToken =>
    context.switchToHttp().getRequest<UserinfoRequest>().accessToken,
);

/** From the header or a form (RFC 6750 §2.1, §2.2); never from the query (RFC 9700 §4.3.2). */
function tokenOf(request: FastifyRequest): string {
  const inHeader = bearerToken(request.headers.authorization);
  const inBody = request.body instanceof Form ? request.body.get('access_token') : undefined;
  if (hasTwoAuthorizations(request) || (inHeader !== undefined && inBody !== undefined)) throw twoAccessTokens();
  const token = inHeader ?? inBody;
  if (token === undefined) throw authenticationRequired();
  return token;
}

/**
 * Scripts of any origin may call this endpoint, for clients in the browser (OpenID Connect Core §5.3): only the access token
 * counts, and no cookie is read. They may read the error of a bad token, too.
 */
function allowScripts(reply: FastifyReply): void {
  void reply.headers({ 'access-control-allow-origin': '*', 'access-control-expose-headers': 'WWW-Authenticate' });
}
