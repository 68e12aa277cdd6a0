import { isUtf8 } from 'node:buffer';
import { Injectable } from '@nestjs/common';
import {
  allowInsecureRequests,
  authorizationCodeGrant,
  buildAuthorizationUrl,
  calculatePKCECodeChallenge,
  ClientSecretBasic,
  ClientSecretPost,
  customFetch,
  discovery,
  enableNonRepudiationChecks,
  fetchUserInfo,
  type ClientAuth,
  type Configuration,
  type CustomFetch,
} from 'openid-client';
import { OutgoingRequests } from '../platform/egress/outgoing-requests.service.js';
import { Config } from '../platform/config/config.js';
import { FailureCounters, type FailureCounter } from '../platform/limits/failure-counter.service.js';
import { sourceKey } from '../platform/limits/source-key.js';
import { OAuthError } from '../oauth/oauth-error.js';
import { Clock } from '../platform/time/clock.js';
import { UnusableUpstream, upstreamFailure } from './upstream-failure.js';
import { amrOf, authTimeOf, type UpstreamIdentity } from './upstream-identity.js';
import { wishesOf, type PendingSignIn } from './pending-sign-in.js';

/** Time limits for requests while a user waits, so that they get an answer within two seconds even if the provider does not respond. */
const PATIENCE_MS = 1500;
const PROFILE_PATIENCE_MS = 1000;

/** How long metadata is cached. Endpoints rarely change, and openid-client reloads the keys itself. */
const METADATA_MS = 60 * 60_000;

/** A source may have this many times the failures of one user: an office has many users behind one address. */
const SOURCE_FACTOR = 10;

const MAX_ANSWER_BYTES = 1024 * 1024;

interface Known {
  readonly client: Configuration;
  readonly at: number;
}

/** The relying party of the upstream OpenID provider: discovery, authorization URL, and the response. */
@Injectable()
export class UpstreamProvider {
  private known: Known | undefined;
  private asking: Promise<Configuration> | undefined;

  /** Limits forged responses, because each causes a request to the provider. */
  private readonly failures: FailureCounter;

  constructor(
    private readonly config: Config,
    private readonly clock: Clock,
    private readonly requests: OutgoingRequests,
    counters: FailureCounters,
  ) {
    const failures = config.failedSignInsPerMinute * SOURCE_FACTOR;
    this.failures = counters.counter({ name: 'sign-in:upstream', failures, windowSeconds: 60 });
  }

  /** The URL for the browser. @throws for errors of the provider or the network: see `upstreamFailure` */
  async authorizationUrl(pending: PendingSignIn, redirectUri: string): Promise<URL> {
    const client = await this.client();
    const { prompt, maxAgeSeconds, loginHint, uiLocales } = wishesOf(pending.authorizationRequest);
    const codeChallenge = await calculatePKCECodeChallenge(pending.codeVerifier);
    return buildAuthorizationUrl(client, {
      redirect_uri: redirectUri,
      scope: this.config.upstreamScope,
      state: pending.state,
      nonce: pending.nonce,
      code_challenge: codeChallenge,
      code_challenge_method: 'S256',
      ...(prompt && { prompt }),
      ...(maxAgeSeconds !== undefined && { max_age: String(maxAgeSeconds) }),
      ...(loginHint !== undefined && { login_hint: loginHint }),
      ...(uiLocales !== undefined && { ui_locales: uiLocales }),
    });
  }

  /**
   * @param answer the URL that the browser came back to
   * @param source the browser's address
   * @throws OAuthError
   */
  async identify(answer: URL, pending: PendingSignIn, source: string): Promise<UpstreamIdentity> {
    const key = sourceKey(source);
    const waitSeconds = this.failures.waitSeconds(key);
    if (waitSeconds > 0) throw OAuthError.tooManyRequests(waitSeconds, 'failed_upstream_sign_ins');
    try {
      return await this.redeem(answer, pending);
    } catch (thrown) {
      const error = upstreamFailure(thrown);
      if (error.status < 500) await this.failures.count(key);
      throw error;
    }
  }

  private async redeem(answer: URL, pending: PendingSignIn): Promise<UpstreamIdentity> {
    const client = await this.client();
    // Without `maxAge`: `isFresh` judges `auth_time`, and openid-client would refuse earlier, with a smaller tolerance.
    const checks = {
      expectedState: pending.state,
      expectedNonce: pending.nonce,
      pkceCodeVerifier: pending.codeVerifier,
      idTokenExpected: true,
    };
    const tokens = await within(PATIENCE_MS, authorizationCodeGrant(client, answer, checks));
    demandUtf8(tokens.id_token!);
    const claims = tokens.claims()!;
    const profile = await this.profileOf(client, tokens.access_token, claims.sub);
    return {
      issuer: claims.iss,
      subject: claims.sub,
      claims: { ...profile, ...claims },
      amr: amrOf(claims.amr),
      authTime: authTimeOf(claims.auth_time, this.clock.now()),
    };
  }

  /**
   * Many providers send name and e-mail address only in userinfo (OpenID Connect Core §5.4). If it does not answer, or answers
   * for another subject, the sign-in goes on without it.
   */
  private async profileOf(client: Configuration, accessToken: string, subject: string): Promise<object> {
    if (client.serverMetadata().userinfo_endpoint === undefined) return {};
    return within(PROFILE_PATIENCE_MS, fetchUserInfo(client, accessToken, subject)).catch(() => ({}));
  }

  /** Uses the cached metadata at once. If they are old, reloads them in the background. */
  private async client(): Promise<Configuration> {
    const { known } = this;
    if (!known) return this.ask();
    if (this.clock.now() - known.at >= METADATA_MS) void this.ask().catch(() => undefined);
    return known.client;
  }

  /** Concurrent calls share one discovery. @throws UnusableUpstream; the next call tries again */
  private ask(): Promise<Configuration> {
    this.asking ??= this.discover()
      .catch((error: unknown) => {
        throw error instanceof UnusableUpstream ? error : new UnusableUpstream('no metadata', error);
      })
      .finally(() => (this.asking = undefined));
    return this.asking;
  }

  private async discover(): Promise<Configuration> {
    const { upstreamIssuer, upstreamClientId, upstreamClientSecret } = this.config;
    const issuer = new URL(upstreamIssuer!);
    const isLoopback = issuer.protocol === 'http:';
    const client = await discovery(
      issuer,
      upstreamClientId!,
      upstreamClientSecret,
      registeredAuth(upstreamClientSecret!),
      {
        timeout: PATIENCE_MS / 1000,
        // eslint-disable-next-line @typescript-eslint/no-deprecated -- only on a loopback address, and not in production
        execute: [enableNonRepudiationChecks, ...(isLoopback ? [allowInsecureRequests] : [])],
        [customFetch]: this.boundedFetch(isLoopback),
      },
    );
    const metadata = client.serverMetadata();
    if (new URL(metadata.issuer).href !== issuer.href) throw new UnusableUpstream('its issuer is another one');
    for (const name of ['authorization_endpoint', 'token_endpoint', 'jwks_uri'] as const) {
      const endpoint = metadata[name];
      if (endpoint === undefined || !URL.canParse(endpoint) || !mayBeAsked(new URL(endpoint), isLoopback)) {
        throw new UnusableUpstream(`its ${name} is missing or not safe to ask`);
      }
    }
    this.known = { client, at: this.clock.now() };
    return client;
  }

  private boundedFetch(isLoopback: boolean): CustomFetch {
    return async (url, { method, headers, body }) => {
      if (!mayBeAsked(new URL(url), isLoopback)) throw new UnusableUpstream('an endpoint is not safe to ask');
      const form = body instanceof URLSearchParams ? { body: body.toString() } : {};
      const limits = { timeoutMs: PATIENCE_MS, maxBytes: MAX_ANSWER_BYTES };
      const response = await this.requests.send(url, { method, headers, ...form, ...limits });
      if (!isUtf8(await response.clone().arrayBuffer())) throw new UnusableUpstream('its answer is not UTF-8');
      return response;
    };
  }
}

/**
 * The library replaces invalid bytes, so two subjects could become one (RFC 7519 §7.2: the claims are UTF-8).
 * @param idToken verified @throws UnusableUpstream
 */
function demandUtf8(idToken: string): void {
  const [, payload = ''] = idToken.split('.');
  if (!isUtf8(Buffer.from(payload, 'base64url'))) throw new UnusableUpstream('its ID token is not UTF-8');
}

/** Requires https; an issuer on a loopback address may have http endpoints on loopback addresses. */
const mayBeAsked = ({ protocol, hostname }: URL, isLoopback: boolean): boolean =>
  protocol === 'https:' || (isLoopback && protocol === 'http:' && ['127.0.0.1', '[::1]'].includes(hostname));

/** RFC 8414 §2: Basic is the default if the provider does not say; RFC 6749 §2.3.1 requires it of every provider. */
function registeredAuth(secret: string): ClientAuth {
  const [basic, post] = [ClientSecretBasic(secret), ClientSecretPost(secret)];
  return (server, ...rest) => {
    const methods = server.token_endpoint_auth_methods_supported ?? ['client_secret_basic'];
    const usesPost = methods.includes('client_secret_post') && !methods.includes('client_secret_basic');
    return (usesPost ? post : basic)(server, ...rest);
  };
}

/** @throws UnusableUpstream on timeout; the work itself ends by its own time limits */
async function within<T>(milliseconds: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new UnusableUpstream('it took too long')), milliseconds);
  });
  try {
    return await Promise.race([work, timeout]);
  } finally {
    clearTimeout(timer);
  }
}
