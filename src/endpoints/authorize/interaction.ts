/**
 * Decides what an authorization request needs from the user: a sign-in, consent, or nothing. Input: who is signed in and which
 * consent exists. Output: the next step.
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
  /** The consent of the session's user for this client. */
  readonly consent: Consent | undefined;
  /** The subject of the ID token hint; null if the hint is not a token of ours for this client. */
  readonly hintedSubject: string | null | undefined;
  /** The `acr` values of the available ways to sign in. */
  readonly offeredAcrs: readonly string[];
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** @throws OAuthError if the request forbids asking the user, or cannot be satisfied (OpenID Connect Core §3.1.2.6) */
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

/** Why the right password alone will not help. The page says so, or the user would be asked for it again and again. */
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
 * A public client whose redirect URI any program on the machine could use may be an impostor each time (RFC 8252 §8.6, RFC 6749
 * §10.2), so the user is asked again.
 */
function needsConsent(request: AuthorizationRequest, consent: Consent | undefined): boolean {
  const { client, prompts } = request;
  if (prompts.has('consent') || !canBeToldApart(client)) return true;
  return !client.firstParty && !consentCovers(consent, request);
}
