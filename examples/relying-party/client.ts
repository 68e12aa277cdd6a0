/**
 * The demo client: an application that delegates sign-in to its issuer. Each route is a method; the protocol is in
 * `relying-party.ts`, and the user's session in `session.ts`.
 */
import { json, page, redirect, withCookie, type Answer } from './answer.js';
import type { LogoutTokens } from './logout-token.js';
import { FOREIGN_FORM, UNKNOWN_SIGN_IN, detailOf, type Problem } from './problem.js';
import type { RelyingParty, Tokens } from './relying-party.js';
import { Session } from './session.js';
import { randomId, type Sessions, type SignIns } from './sessions.js';
import { answerPage, problemPage, sessionPage, signedOutPage } from './views.js';
import type { Visit } from './visit.js';

const SESSION_COOKIE = 'demo-session';
/** Identifies a browser with a sign-in under way. */
const BROWSER_COOKIE = 'demo-browser';

/** For an https client, add `Secure` and the prefix `__Host-`. */
const ATTRIBUTES = 'Path=/; HttpOnly; SameSite=Lax';

const PROMPTS = ['none', 'login', 'consent'];

interface Parts {
  readonly issuer: string;
  /** An endpoint of the resource server. */
  readonly helloUrl: string;
  readonly relyingParty: RelyingParty;
  readonly logoutTokens: LogoutTokens;
  readonly signIns: SignIns;
  readonly sessions: Sessions;
  readonly now: () => number;
  readonly log: (line: string) => void;
}

export class Client {
  constructor(private readonly parts: Parts) {}

  sessionOf(visit: Visit): Session | undefined {
    return this.parts.sessions.find(visit.cookie(SESSION_COOKIE));
  }

  async home(visit: Visit): Promise<Answer> {
    const session = this.sessionOf(visit);
    return page(200, session ? sessionPage(session, this.parts.now()) : signedOutPage(this.parts.issuer));
  }

  async signIn(visit: Visit): Promise<Answer> {
    const prompt = PROMPTS.find((one) => one === visit.url.searchParams.get('prompt'));
    const { signIn, url } = await this.parts.relyingParty.beginSignIn(prompt);
    const browser = visit.cookie(BROWSER_COOKIE) ?? randomId();
    this.parts.signIns.add(browser, signIn);
    return withCookie(redirect(url), `${BROWSER_COOKIE}=${browser}; ${ATTRIBUTES}`);
  }

  /** Handles the response of the issuer, a code or an error. */
  async callback(visit: Visit): Promise<Answer> {
    const { relyingParty, signIns, sessions, now } = this.parts;
    const signIn = signIns.take(visit.cookie(BROWSER_COOKIE), visit.url.searchParams.get('state'));
    if (!signIn) return this.problem(UNKNOWN_SIGN_IN, visit);
    const tokens = await relyingParty.finishSignIn(visit.url.searchParams.toString(), signIn);
    const session = new Session(randomId(), tokens, await this.userName(tokens), relyingParty, now);
    const replaced = this.sessionOf(visit);
    if (replaced) await this.end(replaced);
    sessions.add(session);
    return withCookie(redirect('/'), `${SESSION_COOKIE}=${session.id}; ${ATTRIBUTES}`);
  }

  async refresh(visit: Visit): Promise<Answer> {
    if (!visit.isFromHere) return this.problem(FOREIGN_FORM, visit);
    await this.sessionOf(visit)?.refresh();
    return redirect('/');
  }

  async hello(visit: Visit): Promise<Answer> {
    const { relyingParty, helloUrl } = this.parts;
    const answer = await this.sessionOf(visit)?.use((tokens) => relyingParty.callApi(tokens, helloUrl));
    return answer === undefined ? redirect('/') : page(200, answerPage('The protected resource', helloUrl, answer));
  }

  async userInfo(visit: Visit): Promise<Answer> {
    const { relyingParty, issuer } = this.parts;
    const answer = await this.sessionOf(visit)?.use((tokens) => relyingParty.userInfo(tokens));
    return answer === undefined ? redirect('/') : page(200, answerPage('Userinfo', issuer, answer));
  }

  /** Signs out here, then at the issuer. Revokes the refresh token, which would outlive both (`offline_access`). */
  async signOut(visit: Visit): Promise<Answer> {
    if (!visit.isFromHere) return this.problem(FOREIGN_FORM, visit);
    const session = this.sessionOf(visit);
    if (!session) return redirect('/');
    await this.end(session);
    return redirect(await this.parts.relyingParty.signOutUrl(session.tokens.idToken));
  }

  /** Receives a logout token: the user has signed out at the issuer (OpenID Connect Back-Channel Logout §2.5). No browser is involved. */
  async backchannelLogout(visit: Visit): Promise<Answer> {
    const { logoutTokens, sessions, log } = this.parts;
    try {
      const ended = sessions.endedBy(await logoutTokens.read((await visit.form()).get('logout_token') ?? ''));
      for (const session of ended) await this.end(session);
      return { status: 200 };
    } catch (error) {
      log(`a logout token was refused: ${detailOf(error)}`);
      return json(400, { error: 'invalid_request' });
    }
  }

  problem(problem: Problem, visit: Visit): Answer {
    return page(problem.status, problemPage(problem, this.sessionOf(visit) !== undefined));
  }

  /** Ends the session here in any case, and revokes its tokens at the issuer if that is reachable. */
  async end(session: Session): Promise<void> {
    if (!this.parts.sessions.delete(session)) return;
    await session.revoke().catch((error: unknown) => this.parts.log(`not revoked: ${detailOf(error)}`));
  }

  /** Only for display: `sub` identifies the user. */
  private async userName(tokens: Tokens): Promise<string> {
    try {
      const { name, preferred_username: username, sub } = await this.parts.relyingParty.userInfo(tokens);
      return name ?? username ?? sub;
    } catch (error) {
      this.parts.log(`no userinfo: ${detailOf(error)}`);
      return tokens.claims.sub;
    }
  }
}
