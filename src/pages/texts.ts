/**
 * The texts of the pages: one table of this type per language, so that a missing text does not compile. A text that contains a
 * name is a `Phrase`: the page inserts the name and decides how to highlight it.
 */
import type { ClaimName } from '../oauth/standard-claims.js';
import type { PasswordFlaw } from '../passwords/password-policy.js';

/** The BCP 47 tag for `<html lang>` and `Content-Language`. */
export type Language = 'en' | 'zh-Hant';

/** The words around a name, in the word order of the language. */
type Phrase = <T>(name: T) => readonly (string | T)[];

/** The kinds of error pages. */
export type PageProblem =
  | 'badRequest'
  | 'unknownClient'
  | 'unknownRedirectUri'
  | 'formExpired'
  | 'upstreamFailed'
  | 'refused'
  | 'tooManyAttempts'
  | 'notFound'
  | 'methodNotAllowed'
  | 'tooLarge'
  | 'unavailable'
  | 'unexpected';

export interface Explained {
  readonly title: string;
  readonly text: string;
}

/** The kinds of mails, each with a link. */
export type MailKind = 'reset';

interface MailText {
  readonly subject: (brand: string) => string;
  readonly intro: (brand: string, username: string) => string;
  /** The label of the link. */
  readonly action: string;
  /** For people who did not ask for it. */
  readonly otherwise: string;
}

export type DescribedScope =
  'openid' | 'profile' | 'email' | 'address' | 'phone' | 'groups' | 'roles' | 'offline_access';

export interface Texts {
  readonly language: Language;
  /** The title of a page with an error, which a screen reader reads first. */
  readonly failed: (title: string) => string;
  readonly signIn: {
    readonly title: string;
    readonly toContinueTo: Phrase;
    readonly toYourAccount: string;
    readonly username: string;
    readonly password: string;
    readonly submit: string;
    readonly or: string;
    readonly upstream: Phrase;
    readonly wrong: string;
    readonly throttled: string;
    readonly other_user: string;
    readonly other_way: string;
    readonly retryIn: (seconds: number) => string;
    readonly hasNewPassword: string;
    readonly forgotten: string;
    readonly support: string;
  };
  readonly consent: {
    readonly title: (client: string) => string;
    readonly heading: Phrase;
    readonly signedInAs: Phrase;
    readonly otherUser: string;
    readonly asksTo: string;
    readonly alreadyAllowed: string;
    readonly seeDetails: string;
    readonly otherScope: Phrase;
    readonly unidentified: Explained;
    readonly leadsTo: Phrase;
    readonly canWithdraw: string;
    readonly allow: string;
    readonly deny: string;
  };
  readonly scopes: Readonly<Record<DescribedScope, Explained>>;
  readonly claims: Readonly<Record<ClaimName | 'groups' | 'roles', string>>;
  /** Separates the members of a list. */
  readonly comma: string;
  readonly signOut: Explained & {
    readonly askedBy: Phrase;
    readonly signedInAs: Phrase;
    readonly submit: string;
    readonly stay: string;
  };
  readonly signedOut: Explained & {
    readonly signInAgain: string;
    /** The browser is not sent to the address that the client asked for. */
    readonly withheld: string;
  };
  readonly home: Explained & {
    readonly nobody: string;
    readonly developers: string;
    readonly demo: Explained;
    readonly discovery: Explained;
    readonly console: Explained;
    readonly adminApi: Explained;
    readonly docs: string;
    /** The documentation files, in reading order. */
    readonly docsIn: <T>(first: T, second: T, third: T) => readonly (string | T)[];
  };
  readonly account: {
    readonly title: string;
    readonly done: Readonly<Record<AccountChange, string>>;
    readonly signOut: string;
    readonly sessions: Explained;
    readonly noSessions: string;
    readonly thisBrowser: string;
    readonly unknownBrowser: string;
    readonly onSystem: (browser: string, system: string) => string;
    readonly signedIn: string;
    readonly lastUsed: string;
    readonly from: string;
    readonly endSession: string;
    readonly endAllSessions: string;
    readonly endAllSessionsHint: string;
    readonly access: Explained;
    readonly noAccess: string;
    readonly since: string;
    readonly mayDo: string;
    readonly untilSignedOut: string;
    readonly untilEnded: string;
    readonly endAccess: string;
    readonly consents: Explained;
    readonly noConsents: string;
    readonly agreedOn: string;
    readonly withdraw: string;
    /** Added to a button's label for screen readers, to name the item it belongs to. */
    readonly of: Phrase;
  };
  /** Choosing a password. */
  readonly newPassword: {
    readonly title: string;
    readonly lastChanged: string;
    readonly notSetHere: string;
    readonly change: string;
    readonly current: string;
    readonly next: string;
    readonly again: string;
    readonly hint: (minCharacters: number) => string;
    readonly endOthers: string;
    readonly endOthersHint: string;
    readonly back: string;
    /** The current password is wrong. */
    readonly refused: string;
    readonly mismatch: string;
    readonly flaws: Readonly<Record<PasswordFlaw, (minCharacters: number) => string>>;
  };
  readonly forgotten: Explained & {
    /** The label of the only field. */
    readonly who: string;
    readonly submit: string;
    /** Says nothing about whether there is such an account. */
    readonly sent: Explained;
    readonly choose: string;
    readonly forUser: Phrase;
    readonly save: string;
    readonly expired: Explained;
    readonly again: string;
  };
  readonly mails: Readonly<Record<MailKind, MailText>> & {
    /** How long the link works. */
    readonly within: string;
  };
  readonly formPost: Explained & { readonly submit: string };
  readonly errors: Readonly<Record<PageProblem, Explained>> & {
    readonly reference: string;
    readonly sent: string;
    readonly notSent: string;
    readonly registered: string;
    readonly notInProduction: string;
  };
}

/** Changes that the account page confirms. */
export type AccountChange = 'session_ended' | 'access_ended' | 'consent_withdrawn' | 'password_changed';

/** Why a new password was not taken. */
export type PasswordRefusal =
  | { readonly verdict: 'refused' | 'mismatch' }
  | { readonly verdict: 'unfit'; readonly flaw: PasswordFlaw }
  | { readonly verdict: 'throttled'; readonly retryAfterSeconds: number };
