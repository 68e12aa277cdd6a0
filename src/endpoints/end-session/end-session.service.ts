import { Injectable } from '@nestjs/common';
import { isDisabled, type Client } from '../../clients/client.js';
import { ClientDirectory } from '../../clients/client-directory.service.js';
import type { IdTokenHint } from '../../issuance/id-token.js';
import { IssuanceService } from '../../issuance/issuance.service.js';
import type { BrowserContext } from '../../platform/http/browser-context.js';
import type { RequestContext } from '../../platform/http/request-context.js';
import type { LoginSession } from '../../sessions/login-session.js';
import { LoginSessions } from '../../sessions/login-sessions.service.js';
import { clientIdOf, postLogoutLocation, type EndSessionRequest } from './end-session-request.js';
import { SignOut } from '../../sign-out/sign-out.service.js';
import { UsersService } from '../../users/users.service.js';

/** Who asks for the logout. */
export interface Requester {
  readonly client: Client | undefined;
  readonly hint: IdTokenHint | undefined;
}

/** The outcome of a logout request. */
export type EndSessionOutcome = {
  readonly client: Client | undefined;
  /** A registered URI of the client. */
  readonly location: string | undefined;
} & (
  | { readonly outcome: 'ended' | 'not_signed_in' }
  | { readonly outcome: 'ask'; readonly session: LoginSession; readonly userName: string }
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
    private readonly issuance: IssuanceService,
    private readonly signOut: SignOut,
    private readonly users: UsersService,
  ) {}

  async requesterOf(asked: EndSessionRequest): Promise<Requester> {
    const { idTokenHint } = asked;
    const hint = idTokenHint === undefined ? undefined : await this.issuance.readIdTokenHint(idTokenHint);
    return { hint, client: await this.clientOf(asked, hint) };
  }

  async request(
    asked: EndSessionRequest,
    { client, hint }: Requester,
    browser: BrowserContext,
  ): Promise<EndSessionOutcome> {
    const location = postLogoutLocation(client, asked);
    const current = await this.sessions.current(browser);
    const session = current ?? (await this.sessions.unended(browser));
    if (client && session && hint?.sessionId === session.id) {
      await this.end(session, 'client_request', `client:${client.clientId}`, browser);
      return { outcome: 'ended', client, location };
    }
    if (current) {
      const userName = await this.users.nameOf(current.subject);
      return { outcome: 'ask', session: current, userName, client, location };
    }
    // No confirmation is needed, but the browser is redirected back only for a client that holds a valid ID token.
    return { outcome: 'not_signed_in', client, location: hint && location };
  }

  /** The user has confirmed. */
  async confirm(asked: EndSessionRequest, session: LoginSession, context: RequestContext): Promise<EndSessionOutcome> {
    await this.end(session, 'user_request', `user:${session.subject}`, context);
    return { outcome: 'ended', ...(await this.afterwards(asked)) };
  }

  /** Like `confirm` after the session has ended, for example if a form is sent twice. @param asked from a form shown in this browser */
  async confirmAgain(asked: EndSessionRequest | undefined): Promise<EndSessionOutcome> {
    const afterwards = asked ? await this.afterwards(asked) : { client: undefined, location: undefined };
    return { outcome: 'not_signed_in', ...afterwards };
  }

  private async afterwards(asked: EndSessionRequest): Promise<Pick<EndSessionOutcome, 'client' | 'location'>> {
    const client = await this.clientOf(asked, undefined);
    return { client, location: postLogoutLocation(client, asked) };
  }

  private end(session: LoginSession, reason: string, actor: string, { correlationId }: RequestContext): Promise<void> {
    return this.signOut.signOut(session, reason, { actor, correlationId });
  }

  private async clientOf(asked: EndSessionRequest, hint: IdTokenHint | undefined): Promise<Client | undefined> {
    const clientId = clientIdOf(asked, hint);
    const client = clientId === undefined ? undefined : await this.clients.find(clientId);
    return client && !isDisabled(client) ? client : undefined;
  }
}
