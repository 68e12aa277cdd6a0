/**
 * What the pages say: one table a language, of this type, so that a missing text does not compile. A text that names
 * somebody is a `Phrase`: the name goes in as it is, and the page decides how it stands out.
 */
import type { ClaimName } from '../oauth/standard-claims.js';

/** As `<html lang>` and `Content-Language` say it (BCP 47). */
export type Language = 'en' | 'zh-Hant';

/** The words around a name, in the order of the language. */
type Phrase = <T>(name: T) => readonly (string | T)[];

/** What can go wrong with a page as a whole. */
export type PageProblem =
  | 'badRequest'
  | 'unknownClient'
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

export type DescribedScope = 'openid' | 'profile' | 'email' | 'address' | 'phone' | 'offline_access';

export interface Texts {
  readonly language: Language;
  /** The title of a page on which something went wrong: what a screen reader says first. */
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
  readonly claims: Readonly<Record<ClaimName, string>>;
  /** Between the members of a list. */
  readonly comma: string;
  readonly signOut: Explained & {
    readonly askedBy: Phrase;
    readonly signedInAs: Phrase;
    readonly submit: string;
    readonly stay: string;
  };
  readonly signedOut: Explained & { readonly signInAgain: string };
  readonly home: Explained & {
    readonly nobody: string;
    readonly developers: string;
    readonly demo: Explained;
    readonly discovery: Explained;
    readonly adminApi: Explained;
    readonly docs: string;
    /** The files to read, in the order in which to read them. */
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
    readonly agreements: Explained;
    readonly noAgreements: string;
    readonly agreedOn: string;
    readonly withdraw: string;
    /** After the words of a button, for those who cannot see what it stands beside. */
    readonly of: Phrase;
  };
  readonly formPost: Explained & { readonly submit: string };
  readonly errors: Readonly<Record<PageProblem, Explained>> & { readonly reference: string };
}

/** What the account page can say has just been done. */
export type AccountChange = 'session_ended' | 'access_ended' | 'agreement_withdrawn';
