import { Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { Config } from '../../platform/config/config.js';
import { Consents } from '../../consent/consents.service.js';
import { IdTokens } from '../../issuance/id-token.service.js';
import { LoginSessions } from '../../sessions/login-sessions.service.js';
import { offeredAcrs } from '../../oauth/authentication.js';
import { Clock } from '../../platform/time/clock.js';
import type { AuthorizationRequest } from '../../authorization/authorization-request.js';
import type { Situation } from './interaction.js';

/** What is known of the user when an authorization request comes: who is signed in, what they have agreed to, who is meant. */
@Injectable()
export class Situations {
  private readonly offeredAcrs: readonly string[];

  constructor(
    private readonly sessions: LoginSessions,
    private readonly consents: Consents,
    private readonly idTokens: IdTokens,
    private readonly clock: Clock,
    config: Config,
  ) {
    this.offeredAcrs = offeredAcrs(config);
  }

  /** @throws when the database is away */
  async of(request: AuthorizationRequest, http: FastifyRequest): Promise<Situation> {
    const session = await this.sessions.current(http);
    const consent = session && (await this.consents.find(session.subject, request.client.clientId));
    const hintedSubject = await this.hintedSubject(request);
    return { session, consent, hintedSubject, offeredAcrs: this.offeredAcrs, now: this.clock.now() };
  }

  /** OpenID Connect Core §3.1.2.1: of the same client, and possibly long expired. */
  private async hintedSubject({ idTokenHint, client }: AuthorizationRequest): Promise<string | null | undefined> {
    if (idTokenHint === undefined) return undefined;
    const hint = await this.idTokens.readHint(idTokenHint);
    return hint?.clientId === client.clientId ? hint.subject : null;
  }
}
