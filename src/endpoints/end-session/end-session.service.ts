import { Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { isDisabled, type Client } from '../../clients/client.js';
import { ClientDirectory } from '../../clients/client-directory.service.js';
import type { IdTokenHint } from '../../issuance/id-token.js';
import { IdTokens } from '../../issuance/id-token.service.js';
import type { LoginSession } from '../../sessions/login-session.js';
import { LoginSessions } from '../../sessions/login-sessions.service.js';
import { clientIdOf, postLogoutLocation, type EndSessionRequest } from './end-session-request.js';
import { SignOut } from '../../sign-out/sign-out.service.js';

/** The outcome of a logout request. */
export type EndSessionOutcome = {
  /** A registered URI of the client. */
  readonly location: string | undefined;
} & (
  | { readonly outcome: 'ended' | 'not_signed_in' }
  | { readonly outcome: 'ask'; readonly session: LoginSession; readonly client: Client | undefined }
);

/**
 * Logout requested by a client (OpenID Connect RP-Initiated Logout §2): at once with an ID token of this login session, which an
 * attacker does not have; otherwise the user is asked.
 */
@Injectable()
export class EndSession {
  constructor(
    private readonly sessions: LoginSessions,
    private readonly clients: ClientDirectory,
    private readonly idTokens: IdTokens,
    private readonly signOut: SignOut,
  ) {}

  async request(asked: EndSessionRequest, http: FastifyRequest): Promise<EndSessionOutcome> {
    const hint = await this.hintOf(asked);
    const client = await this.clientOf(asked, hint);
    http.outcome = { clientId: client?.clientId };
    const location = postLogoutLocation(client, asked);
    const current = await this.sessions.current(http);
    const session = current ?? (await this.sessions.unended(http));
    if (client && session && hint?.sessionId === session.id) {
      await this.end(session, 'client_request', `client:${client.clientId}`, http);
      return { outcome: 'ended', location };
    }
    if (current) return { outcome: 'ask', session: current, client, location };
    // No confirmation is needed, but the browser is redirected back only for a client that holds a valid ID token.
    return { outcome: 'not_signed_in', location: hint && location };
  }

  /** The user has confirmed. */
  async confirm(asked: EndSessionRequest, session: LoginSession, http: FastifyRequest): Promise<EndSessionOutcome> {
    await this.end(session, 'user_request', `user:${session.subject}`, http);
    return { outcome: 'ended', location: await this.afterwards(asked, http) };
  }

  /** Like `confirm` after the session has ended, for example if a form is sent twice. @param asked from a form shown in this browser */
  async confirmAgain(asked: EndSessionRequest | undefined, http: FastifyRequest): Promise<EndSessionOutcome> {
    return { outcome: 'not_signed_in', location: asked && (await this.afterwards(asked, http)) };
  }

  private async afterwards(asked: EndSessionRequest, http: FastifyRequest): Promise<string | undefined> {
    const client = await this.clientOf(asked, undefined);
    http.outcome = { clientId: client?.clientId };
    return postLogoutLocation(client, asked);
  }

  private end(session: LoginSession, reason: string, actor: string, { id }: FastifyRequest): Promise<void> {
    return this.signOut.signOut(session, reason, { actor, correlationId: id });
  }

  private async hintOf({ idTokenHint }: EndSessionRequest): Promise<IdTokenHint | undefined> {
    return idTokenHint === undefined ? undefined : this.idTokens.readHint(idTokenHint);
  }

  private async clientOf(asked: EndSessionRequest, hint: IdTokenHint | undefined): Promise<Client | undefined> {
    const clientId = clientIdOf(asked, hint);
    const client = clientId === undefined ? undefined : await this.clients.find(clientId);
    return client && !isDisabled(client) ? client : undefined;
  }
}
