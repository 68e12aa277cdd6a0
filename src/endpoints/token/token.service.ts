import { Injectable } from '@nestjs/common';
import { AuditService } from '../../platform/audit/audit.service.js';
import { mayUse, type Client } from '../../clients/client.js';
import { auditedOf, type RequestContext } from '../../platform/http/request-context.js';
import { IssuanceService, type TokenResponse } from '../../issuance/issuance.service.js';
import type { Authorization } from '../../issuance/authorization.js';
import type { Form } from '../../oauth/form.js';
import { OAuthError } from '../../oauth/oauth-error.js';
import { resourcesWithin } from '../../oauth/resource.js';
import { parseScope } from '../../oauth/scope.js';
import { validateRequest } from '../../oauth/validate-request.js';
import { Grants, type Grant, type GrantRequest } from './grants/grant.js';
import { TokenRequestDto } from './grants/token-request.dto.js';

/**
 * The token request, top down. The guard has authenticated the client; then: may it use this grant, may it request this scope,
 * what does the grant decide, issue, audit, answer. No grant can skip a step.
 */
@Injectable()
export class TokenService {
  constructor(
    private readonly grants: Grants,
    private readonly issuance: IssuanceService,
    private readonly audit: AuditService,
  ) {}

  /** @throws OAuthError; then nothing is consumed */
  async token(client: Client, form: Form, context: RequestContext): Promise<TokenResponse> {
    const { grant, ...asked } = await this.admit(client, form, context);
    const authorization = await grant.authorize({ client, context, ...asked });
    const response = await this.issuance.issue(authorization);
    await this.record(grant, authorization, context);
    return response;
  }

  private async admit(client: Client, form: Form, context: RequestContext) {
    try {
      const grant = this.grants.get(form.get('grant_type') ?? '');
      const parameters = validateRequest(grant?.parameters ?? TokenRequestDto, form);
      if (!grant) throw new OAuthError('unsupported_grant_type');
      if (!mayUse(client, grant.type)) throw OAuthError.unauthorizedClient('grant_type');
      const resource = resourceFor(client, form.all('resource'));
      return { grant, parameters, scope: scopeFor(client, parameters.scope), resource };
    } catch (error) {
      if (error instanceof OAuthError) await this.recordRefusal(error, client, context);
      throw error;
    }
  }

  private recordRefusal({ code, reason, compared }: OAuthError, { clientId, type }: Client, context: RequestContext) {
    const detail = { error: code, ...compared };
    const event = {
      event: 'token.refused',
      reason,
      at: context.arrivedAt,
      clientId,
      ...auditedOf(context),
      detail,
    } as const;
    return this.audit.recordRefusal(event, type === 'confidential');
  }

  /** The event of a family is recorded already, in the statement that changed the family. */
  private async record(grant: Grant, authorization: Authorization, context: RequestContext) {
    const { client, subject, familyId, jti, issuedAt: at } = authorization;
    if (familyId !== undefined) return;
    const { clientId } = client;
    const reason = grant.type;
    await this.audit.record({
      event: 'token.issued',
      reason,
      at,
      clientId,
      subject,
      ...auditedOf(context),
      detail: { jti },
    });
  }
}

function scopeFor(client: Client, asked: string | undefined): GrantRequest['scope'] {
  if (asked === undefined) return undefined;
  const scope = parseScope(asked);
  if (!scope) throw OAuthError.malformedScope();
  const beyond = scope.filter((token) => !client.scopes.includes(token));
  if (beyond.length > 0) throw OAuthError.scopeBeyondClient(beyond, { named: false });
  return scope;
}

/** RFC 8707 §2.2 */
function resourceFor(client: Client, asked: readonly string[]): GrantRequest['resource'] {
  return asked.length === 0 ? undefined : resourcesWithin(asked, client.audience);
}
