/** Sessions and pending sign-ins, in memory. A client with more than one process keeps them in a store. */
import { randomBytes } from 'node:crypto';
import type { SignIn } from './relying-party.js';
import type { Session } from './session.js';

/** The oldest are dropped, because anyone can start a sign-in without finishing it. */
const MAX_SIGN_INS = 1000;

export const randomId = (): string => randomBytes(32).toString('base64url');

/** The pending sign-ins by `state`, each bound to its browser. */
export class SignIns {
  readonly #begun = new Map<string, { readonly browser: string; readonly signIn: SignIn }>();

  add(browser: string, signIn: SignIn): void {
    this.#begun.set(signIn.state, { browser, signIn });
    const [oldest] = this.#begun.keys();
    if (this.#begun.size > MAX_SIGN_INS && oldest !== undefined) this.#begun.delete(oldest);
  }

  /** Works once, and only in the same browser, so that an attacker cannot sign a user in with the attacker's code. */
  take(browser: string | undefined, state: string | null): SignIn | undefined {
    const begun = this.#begun.get(state ?? '');
    if (!begun || begun.browser !== browser) return undefined;
    this.#begun.delete(begun.signIn.state);
    return begun.signIn;
  }
}

export class Sessions {
  readonly #byId = new Map<string, Session>();

  add(session: Session): void {
    this.#byId.set(session.id, session);
  }

  find(id: string | undefined): Session | undefined {
    return this.#byId.get(id ?? '');
  }

  /** @returns false if it was deleted already */
  delete({ id }: Session): boolean {
    return this.#byId.delete(id);
  }

  /** The sessions that a logout token ends: those of one login session at the issuer, or all of a user. */
  endedBy({ sid, sub }: { readonly sid?: string | undefined; readonly sub?: string | undefined }): Session[] {
    return [...this.#byId.values()].filter(({ tokens: { claims } }) =>
      sid !== undefined ? claims['sid'] === sid : claims.sub === sub,
    );
  }
}
