import { Injectable } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import type { Client } from '../clients/client.js';
import { Config } from '../platform/config/config.js';
import { signJws } from '../keys/jws.js';
import { KeyRing } from '../keys/key-ring.service.js';
import { Clock } from '../platform/time/clock.js';
import type { LogoutNotice } from './logout-notice.js';

const TYP = 'logout+jwt';
const EVENT = 'http://schemas.openid.net/event/backchannel-logout';

/** "Preferably at most two minutes in the future" (OpenID Connect Back-Channel Logout §4). */
const LIFETIME_SECONDS = 120;

/** Logout tokens (OpenID Connect Back-Channel Logout §2.4): without a nonce, so that none is accepted as an ID token. */
@Injectable()
export class LogoutTokens {
  constructor(
    private readonly keys: KeyRing,
    private readonly config: Config,
    private readonly clock: Clock,
  ) {}

  /** A new `jti` each time, so that clients do not take a second delivery for a replay. */
  issue({ clientId, idTokenSignedResponseAlg }: Client, { subject, sessionId }: LogoutNotice): Promise<string> {
    const iat = Math.floor(this.clock.now() / 1000);
    const claims = {
      iss: this.config.issuer,
      aud: clientId,
      iat,
      exp: iat + LIFETIME_SECONDS,
      jti: randomUUID(),
      sub: subject,
      sid: sessionId,
      events: { [EVENT]: {} },
    };
    return signJws(TYP, claims, this.keys.signingKey(idTokenSignedResponseAlg));
  }
}
