import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { Consents } from '../consent/consents.service.js';
import { auditedOf, type RequestContext } from '../platform/http/request-context.js';
import { KeyRing } from '../keys/key-ring.service.js';
import type { LoginSession } from '../sessions/login-session.js';
import { LoginSessions } from '../sessions/login-sessions.service.js';
import { OAuthError } from '../oauth/oauth-error.js';
import { OFFLINE_ACCESS } from '../oauth/scope.js';
import { ScopeCatalog } from '../scopes/scope-catalog.service.js';
import { wantsUserClaims } from '../users/released-claims.js';
import { FamiliesService } from '../families/families.service.js';
import { mintCode } from './authorization-code.js';
import type { AuthorizationRequest } from './authorization-request.js';

/** Completes a successful authorization request: creates the family and its code. */
@Injectable()
export class CodeIssuer {
  constructor(
    private readonly families: FamiliesService,
    private readonly sessions: LoginSessions,
    private readonly consents: Consents,
    private readonly keys: KeyRing,
    private readonly scopes: ScopeCatalog,
  ) {}

  /**
   * Creates the family, and stores the consent if it was just given, in one transaction. It locks the login session and an
   * earlier consent, so that no family is created while a sign-out or a withdrawal is under way.
   * @throws OAuthError login_required, consent_required if the session has ended or the consent was withdrawn meanwhile
   */
  async issue(
    request: AuthorizationRequest,
    session: LoginSession,
    context: RequestContext,
    consentsNow: boolean,
  ): Promise<{ code: string }> {
    const { client, scope, resource, claims, codeChallenge, nonce, redirectUri, namedRedirectUri } = request;
    const { id, subject, authTime, acr, amr, expiresAt } = session;
    const origin = { actor: `user:${subject}`, ...auditedOf(context) };
    const alongside = async (manager: EntityManager): Promise<void> => {
      if (!(await this.sessions.hold(id, manager))) throw new OAuthError('login_required', { reason: 'session_ended' });
      if (consentsNow) return this.consents.grant(subject, client.clientId, request, origin, manager);
      if (client.firstParty || (await this.consents.hold(subject, client.clientId, request, manager))) return;
      throw new OAuthError('consent_required', { reason: 'consent_withdrawn' });
    };
    const grant = {
      scope,
      offline: scope.includes(OFFLINE_ACCESS),
      resource,
      claims,
      authentication: { sessionId: id, authTime, acr, amr },
      endsAt: expiresAt,
    };
    const handle = await this.families.authorize(client, subject, grant, origin, alongside);
    const { clientId } = client;
    const wants = wantsUserClaims({ client, scope, requestedClaims: claims }, await this.scopes.definitions());
    const claimsOf = wants ? subject : undefined;
    const content = { handle, clientId, redirectUri, namedRedirectUri, codeChallenge, nonce, claimsOf };
    return { code: mintCode(content, this.keys.mintingTokenKey()) };
  }
}
