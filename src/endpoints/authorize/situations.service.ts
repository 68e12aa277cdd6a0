import { Injectable } from '@nestjs/common';
import { Config } from '../../platform/config/config.js';
import type { BrowserContext } from '../../platform/http/browser-context.js';
import { Consents } from '../../consent/consents.service.js';
import { IssuanceService } from '../../issuance/issuance.service.js';
import { LoginSessions } from '../../sessions/login-sessions.service.js';
import { offeredAcrs } from '../../oauth/authentication.js';
import { Clock } from '../../platform/time/clock.js';
import type { AuthorizationRequest } from '../../authorization/authorization-request.js';
import type { Situation } from './interaction.js';

/** Collects the input for `nextStep`: who is signed in, their consent, and whom the request means. */
@Injectable()
export class Situations {
  private readonly offeredAcrs: readonly string[];

  constructor(
    private readonly sessions: LoginSessions,
    private readonly consents: Consents,
    private readonly issuance: IssuanceService,
    private readonly clock: Clock,
    config: Config,
  ) {
    this.offeredAcrs = offeredAcrs(config);
  }

  /** @throws when the database is away */
  async of(request: AuthorizationRequest, browser: BrowserContext): Promise<Situation> {
    const session = await this.sessions.current(browser);
    const consent = session && (await this.consents.find(session.subject, request.client.clientId));
    const hintedSubject = await this.hintedSubject(request);
    return { session, consent, hintedSubject, offeredAcrs: this.offeredAcrs, now: this.clock.now() };
  }

  /** OpenID Connect Core §3.1.2.1: the hint must be of the same client; it may have expired long ago. */
  private async hintedSubject({ idTokenHint, client }: AuthorizationRequest): Promise<string | null | undefined> {
    if (idTokenHint === undefined) return undefined;
    const hint = await this.issuance.readIdTokenHint(idTokenHint);
    return hint?.clientId === client.clientId ? hint.subject : null;
  }
}
