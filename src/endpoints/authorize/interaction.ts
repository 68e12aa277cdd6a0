/**
 * What an authorization request needs of the user before it can be answered: a sign-in, a consent, or nothing. Who is
 * signed in and what they have agreed to go in; the next step comes out.
 */
import type { Consent } from '../../consent/consent.js';
import { consentCovers } from '../../consent/consent.js';
import { canBeToldApart } from '../../clients/client-identity.js';
import type { LoginSession } from '../../sessions/login-session.js';
import type { SignInObstacle } from '../../sessions/sign-in-obstacle.js';
import { OAuthError } from '../../oauth/oauth-error.js';
import type { AuthorizationRequest } from '../../authorization/authorization-request.js';

export type NextStep =
  | { readonly step: 'sign_in'; readonly obstacle?: SignInObstacle | undefined }
  | { readonly step: 'consent'; readonly session: LoginSession }
  | { readonly step: 'answer'; readonly session: LoginSession };

export interface Situation {
  readonly session: LoginSession | undefined;
  /** What the user of the session has agreed to for this client. */
  readonly consent: Consent | undefined;
  /** The subject of the ID token hint; null where the hint is not a token of ours for this client. */
  readonly hintedSubject: string | null | undefined;
  /** The ways to sign in that there are. */
  readonly offeredAcrs: readonly string[];
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** @throws OAuthError where the request forbids to ask, or cannot be met at all (OpenID Connect Core §3.1.2.6) */
export function nextStep(request: AuthorizationRequest, situation: Situation): NextStep {
  if (!canBeMet(request.essentialAcr, situation.offeredAcrs)) throw new OAuthError('unmet_authentication_requirements');
  if (situation.hintedSubject === null) throw OAuthError.invalidRequest('bad_id_token_hint');
  const isSilent = request.prompts.has('none');
  const { session } = situation;
  if (!session || !isGoodEnough(session, request, situation)) {
    if (isSilent) throw new OAuthError('login_required');
    return { step: 'sign_in', obstacle: session && obstacleOf(session, request, situation) };
  }
  if (!needsConsent(request, situation.consent)) return { step: 'answer', session };
  if (isSilent) throw new OAuthError('consent_required');
  return { step: 'consent', session };
}

function isGoodEnough(session: LoginSession, request: AuthorizationRequest, situation: Situation): boolean {
  const { prompts, maxAgeSeconds } = request;
  if (prompts.has('login') || prompts.has('select_account')) return false;
  if (maxAgeSeconds !== undefined && situation.now - session.authTime > maxAgeSeconds * 1000) return false;
  return obstacleOf(session, request, situation) === undefined;
}

/** What the right password alone does not mend: without a word of it, the user would be asked for it again and again. */
function obstacleOf(
  session: LoginSession,
  { subject, essentialAcr }: AuthorizationRequest,
  { hintedSubject }: Situation,
): SignInObstacle | undefined {
  const wanted = [hintedSubject ?? undefined, subject].filter((one) => one !== undefined);
  if (wanted.some((one) => one !== session.subject)) return 'other_user';
  return essentialAcr === undefined || essentialAcr.includes(session.acr) ? undefined : 'other_way';
}

const canBeMet = (essential: readonly string[] | undefined, offered: readonly string[]): boolean =>
  essential === undefined || offered.some((acr) => essential.includes(acr));

/**
 * A public client whose redirect URI anybody on the same machine could have taken may be an impostor each time (RFC 8252
 * §8.6, RFC 6749 §10.2).
 */
function needsConsent(request: AuthorizationRequest, consent: Consent | undefined): boolean {
  const { client, prompts } = request;
  if (prompts.has('consent') || !canBeToldApart(client)) return true;
  return !client.firstParty && !consentCovers(consent, request);
}
