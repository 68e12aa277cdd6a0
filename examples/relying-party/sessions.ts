/** Who is signed in at the demo client, and who is about to. In memory: a client with more than one process keeps them in a store. */
import { randomBytes } from 'node:crypto';
import type { SignIn } from './relying-party.js';
import type { Session } from './session.js';

/** Anybody may begin a sign-in, and nobody has to finish one: the oldest are forgotten. */
const MAX_SIGN_INS = 1000;

export const randomId = (): string => randomBytes(32).toString('base64url');

/** The sign-ins that have begun, by their `state`; each bound to the browser that began it. */
export class SignIns {
  readonly #begun = new Map<string, { readonly browser: string; readonly signIn: SignIn }>();

  add(browser: string, signIn: SignIn): void {
    this.#begun.set(signIn.state, { browser, signIn });
    const [oldest] = this.#begun.keys();
    if (this.#begun.size > MAX_SIGN_INS && oldest !== undefined) this.#begun.delete(oldest);
  }

  /** Once, and in the same browser: nobody can be signed in with a code that somebody else brought along. */
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

  /** @returns false where it was gone already */
  delete({ id }: Session): boolean {
    return this.#byId.delete(id);
  }

  /** Those that a logout token speaks of: one login session at the issuer, or all of a user. */
  endedBy({ sid, sub }: { readonly sid?: string | undefined; readonly sub?: string | undefined }): Session[] {
    return [...this.#byId.values()].filter(({ tokens: { claims } }) =>
      sid !== undefined ? claims['sid'] === sid : claims.sub === sub,
    );
  }
}
