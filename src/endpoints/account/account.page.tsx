/** The account page: a user's sessions, the clients with access, and the consents. */
import type { VNode } from 'preact';
import { browserNameOf } from '../../platform/http/browser-name.js';
import type { ScopeDefinitions } from '../../oauth/scope-definition.js';
import { PostForm } from '../../pages/form-fields.page.js';
import { Moment } from '../../pages/moment.page.js';
import { ClaimNames, scopeText } from '../../pages/scope-text.page.js';
import type { AccountChange, Texts } from '../../pages/texts.js';
import { Entries, Entry } from './account-entries.page.js';

interface AccountSession {
  readonly id: string;
  readonly isCurrent: boolean;
  readonly userAgent: string;
  readonly source: string;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  readonly lastUsedAt: number;
}

/** A token family. */
interface AccountAccess {
  readonly familyId: string;
  readonly clientName: string;
  readonly scope: readonly string[];
  /** Whether it outlives the login session. */
  readonly isOffline: boolean;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  readonly lastUsedAt: number;
}

interface AccountConsent {
  readonly clientId: string;
  readonly clientName: string;
  readonly scope: readonly string[];
  readonly claims: readonly string[];
  /** Milliseconds since the epoch. */
  readonly grantedAt: number;
}

/** The URLs of the forms. Each sends `form_token`, and the field named in brackets. */
interface AccountActions {
  /** For this browser. */
  readonly signOut: string;
  /** A page. */
  readonly changePassword: string;
  /** (`session_id`) */
  readonly endSession: string;
  readonly endAllSessions: string;
  /** (`family_id`) */
  readonly endAccess: string;
  /** (`client_id`) */
  readonly withdraw: string;
}

export interface AccountPageProps {
  readonly texts: Texts;
  readonly userName: string;
  /** A second line: email address or username. */
  readonly userDetail?: string | undefined;
  readonly sessions: readonly AccountSession[];
  readonly access: readonly AccountAccess[];
  readonly consents: readonly AccountConsent[];
  /** The texts of the scopes. */
  readonly definitions: ScopeDefinitions;
  /** Milliseconds since the epoch; undefined without a password, null if it was not set here. */
  readonly passwordChangedAt?: number | null | undefined;
  readonly actions: AccountActions;
  readonly formToken: string;
  /** The change that the user has just made. */
  readonly done?: AccountChange | undefined;
}

export const AccountPage = (props: AccountPageProps): VNode => {
  const { texts, done } = props;
  return (
    <div class="account">
      <Head {...props} />
      {done && (
        <p class="note note-done" role="status">
          {texts.account.done[done]}
        </p>
      )}
      <Sessions {...props} />
      <Access {...props} />
      <Consents {...props} />
      {props.passwordChangedAt !== undefined && <Password {...props} />}
    </div>
  );
};

const Head = ({ texts, userName, userDetail, actions, formToken }: AccountPageProps): VNode => (
  <div class="account-head">
    <div class="stack-tight">
      <h1>{texts.account.title}</h1>
      <p>
        <bdi class="name">{userName}</bdi>
        {userDetail !== undefined && (
          <>
            {' '}
            <bdi class="muted">{userDetail}</bdi>
          </>
        )}
      </p>
    </div>
    <PostForm action={actions.signOut} formToken={formToken}>
      <button class="button button-small" type="submit">
        {texts.account.signOut}
      </button>
    </PostForm>
  </div>
);

const Sessions = ({ texts, sessions, actions, formToken }: AccountPageProps): VNode => (
  <Entries
    about={texts.account.sessions}
    none={texts.account.noSessions}
    entries={sessions.map((session) => (
      <Entry
        title={
          <>
            {browserText(texts, session.userAgent)}
            {session.isCurrent && <span class="tag">{texts.account.thisBrowser}</span>}
          </>
        }
        facts={[
          [texts.account.signedIn, <Moment texts={texts} at={session.createdAt} />],
          [texts.account.lastUsed, <Moment texts={texts} at={session.lastUsedAt} />],
          [texts.account.from, session.source],
        ]}
        end={{
          action: actions.endSession,
          formToken,
          field: { session_id: session.id },
          label: texts.account.endSession,
          of: texts.account.of(browserText(texts, session.userAgent)),
        }}
      />
    ))}
  >
    <div class="entries-foot">
      <PostForm action={actions.endAllSessions} formToken={formToken}>
        <button class="button button-small button-danger" type="submit" aria-describedby="end-all">
          {texts.account.endAllSessions}
        </button>
      </PostForm>
      <p class="muted small" id="end-all">
        {texts.account.endAllSessionsHint}
      </p>
    </div>
  </Entries>
);

const Access = ({ texts, definitions, access, actions, formToken }: AccountPageProps): VNode => (
  <Entries
    about={texts.account.access}
    none={texts.account.noAccess}
    entries={access.map(({ familyId, clientName, scope, isOffline, createdAt, lastUsedAt }) => (
      <Entry
        title={<bdi>{clientName}</bdi>}
        subtitle={isOffline ? texts.account.untilEnded : texts.account.untilSignedOut}
        facts={[
          [texts.account.mayDo, <ScopeTitles texts={texts} definitions={definitions} scope={scope} />],
          [texts.account.since, <Moment texts={texts} at={createdAt} />],
          [texts.account.lastUsed, <Moment texts={texts} at={lastUsedAt} />],
        ]}
        end={{
          action: actions.endAccess,
          formToken,
          field: { family_id: familyId },
          label: texts.account.endAccess,
          of: texts.account.of(clientName),
        }}
      />
    ))}
  />
);

const Consents = ({ texts, definitions, consents, actions, formToken }: AccountPageProps): VNode => (
  <Entries
    about={texts.account.consents}
    none={texts.account.noConsents}
    entries={consents.map(({ clientId, clientName, scope, claims, grantedAt }) => (
      <Entry
        title={<bdi>{clientName}</bdi>}
        facts={[
          [texts.account.mayDo, <ScopeTitles texts={texts} definitions={definitions} scope={scope} claims={claims} />],
          [texts.account.agreedOn, <Moment texts={texts} at={grantedAt} />],
        ]}
        end={{
          action: actions.withdraw,
          formToken,
          field: { client_id: clientId },
          label: texts.account.withdraw,
          of: texts.account.of(clientName),
        }}
      />
    ))}
  />
);

const Password = ({ texts, passwordChangedAt, actions }: AccountPageProps): VNode => (
  <section class="card account-head">
    <div class="stack-tight">
      <h2>{texts.newPassword.title}</h2>
      <p class="muted">
        {texts.newPassword.lastChanged}
        {': '}
        {typeof passwordChangedAt === 'number' ? (
          <Moment texts={texts} at={passwordChangedAt} />
        ) : (
          texts.newPassword.notSetHere
        )}
      </p>
    </div>
    <a class="button button-small" href={actions.changePassword}>
      {texts.newPassword.change}
    </a>
  </section>
);

interface ScopeTitlesProps {
  readonly texts: Texts;
  readonly definitions: ScopeDefinitions;
  readonly scope: readonly string[];
  readonly claims?: readonly string[];
}

const ScopeTitles = ({ texts, definitions, scope, claims = [] }: ScopeTitlesProps): VNode => (
  <ul>
    {scope.map((name) => (
      <li>{scopeText(texts, name, definitions).title}</li>
    ))}
    {claims.length > 0 && (
      <li>
        {texts.consent.seeDetails}
        {texts.account.of(<ClaimNames texts={texts} claims={claims} />)}
      </li>
    )}
  </ul>
);

function browserText(texts: Texts, userAgent: string): string {
  const { browser = texts.account.unknownBrowser, system } = browserNameOf(userAgent);
  return system === undefined ? browser : texts.account.onSystem(browser, system);
}
