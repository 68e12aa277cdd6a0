/** One user's session in one browser, with their tokens. */
import { ResponseBodyError, WWWAuthenticateChallengeError } from 'openid-client';
import type { RelyingParty, Tokens } from './relying-party.js';

/** An access token with less lifetime left is refreshed first, so that it does not expire on the way. */
const LEEWAY_MS = 10_000;

/** The session has ended at the issuer: the user has to sign in again. */
export class SessionIsOver extends Error {}

export class Session {
  #tokens: Tokens;
  #refreshing: Promise<void> | undefined;

  /** @param id the value of the cookie; new at each sign-in */
  constructor(
    readonly id: string,
    tokens: Tokens,
    readonly userName: string,
    private readonly relyingParty: RelyingParty,
    private readonly now: () => number,
  ) {
    this.#tokens = tokens;
  }

  get tokens(): Tokens {
    return this.#tokens;
  }

  /**
   * One refresh at a time: concurrent requests of two tabs share it. The tokens are replaced together when the response arrives,
   * and kept if there is none.
   * @throws SessionIsOver
   */
  refresh(): Promise<void> {
    this.#refreshing ??= this.replaceTokens().finally(() => (this.#refreshing = undefined));
    return this.#refreshing;
  }

  /** Calls with a valid access token: refreshes it before it expires, and once more if it is refused (RFC 6750 §3.1). */
  async use<T>(call: (tokens: Tokens) => Promise<T>): Promise<T> {
    if (this.#tokens.accessTokenExpiresAt - LEEWAY_MS < this.now()) await this.refresh();
    try {
      return await call(this.#tokens);
    } catch (error) {
      if (!isRefusedToken(error)) throw error;
      await this.refresh();
      return call(this.#tokens);
    }
  }

  /** Revokes the tokens at the issuer, after a refresh under way, whose tokens are revoked too. */
  async revoke(): Promise<void> {
    await this.#refreshing?.catch(() => undefined);
    const { refreshToken } = this.#tokens;
    if (refreshToken !== undefined) await this.relyingParty.revoke(refreshToken);
  }

  private async replaceTokens(): Promise<void> {
    const { refreshToken } = this.#tokens;
    if (refreshToken === undefined) throw new SessionIsOver();
    try {
      this.#tokens = await this.relyingParty.refresh({ ...this.#tokens, refreshToken });
    } catch (error) {
      throw error instanceof ResponseBodyError && error.error === 'invalid_grant' ? new SessionIsOver() : error;
    }
  }
}

const isRefusedToken = (error: unknown): boolean =>
  error instanceof WWWAuthenticateChallengeError &&
  error.cause.some(({ parameters }) => parameters.error === 'invalid_token');
