/** One user signed in at the demo client in one browser, and their tokens. */
import { ResponseBodyError, WWWAuthenticateChallengeError } from 'openid-client';
import type { RelyingParty, Tokens } from './relying-party.js';

/** An access token is not sent out with less than this left: it has to arrive. */
const LEEWAY_MS = 10_000;

/** The issuer no longer knows of it: the user has to sign in again. */
export class SessionIsOver extends Error {}

export class Session {
  #tokens: Tokens;
  #refreshing: Promise<void> | undefined;

  /** @param id the value of the cookie; made anew at each sign-in */
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
   * One refresh at a time: two tabs that ask at once share its outcome. The tokens are replaced together when the answer is
   * there, and stay as they are when there is none.
   * @throws SessionIsOver
   */
  refresh(): Promise<void> {
    this.#refreshing ??= this.replaceTokens().finally(() => (this.#refreshing = undefined));
    return this.#refreshing;
  }

  /** Calls with an access token that is good: refreshed before it expires, and once more where it is refused (RFC 6750 §3.1). */
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

  /** Ends it at the issuer. Whoever waits for the refresh that is under way gets its tokens, and these end, too. */
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
