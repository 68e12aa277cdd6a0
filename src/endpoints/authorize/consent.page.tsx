import type { ComponentChildren, VNode } from 'preact';
import type { ScopeDefinitions } from '../../oauth/scope-definition.js';
import { PostForm } from '../../pages/form-fields.page.js';
import { ClaimNames, scopeText } from '../../pages/scope-text.page.js';
import { Sign, type SignName } from '../../pages/signs.page.js';
import type { Texts } from '../../pages/texts.js';

const OFFLINE_ACCESS = 'offline_access';

export interface ConsentPageProps {
  readonly texts: Texts;
  readonly action: string;
  readonly formToken: string;
  readonly authorizationRequest: string;
  readonly clientName: string;
  /** Where the response goes, in readable form. */
  readonly clientHost: string;
  readonly userName: string;
  /** Their texts. */
  readonly definitions: ScopeDefinitions;
  readonly scopes: readonly { readonly name: string; readonly granted: boolean }[];
  /** Claims requested by name. */
  readonly claims: readonly string[];
  /** Whether it gets a refresh token that outlives the login session. */
  readonly offline: boolean;
  /** Whether any program on the user's device can pose as this client. */
  readonly isPublicUnidentified: boolean;
  /** The URL to repeat the request as another user. */
  readonly otherUserHref?: string | undefined;
}

export const ConsentPage = (props: ConsentPageProps): VNode => {
  const { texts, clientName, clientHost, isPublicUnidentified } = props;
  return (
    <div class="card stack">
      <h1>{texts.consent.heading(<bdi>{clientName}</bdi>)}</h1>
      <SignedInUser {...props} />
      {isPublicUnidentified && (
        <p class="note note-notice">
          <strong>{texts.consent.unidentified.title}</strong>
          {texts.consent.unidentified.text}
        </p>
      )}
      <Asked {...props} />
      <Decision {...props} />
      <div class="stack-tight muted small">
        <p>{texts.consent.leadsTo(<bdi class="name">{clientHost}</bdi>)}</p>
        <p>{texts.consent.canWithdraw}</p>
      </div>
    </div>
  );
};

const SignedInUser = ({ texts, userName, otherUserHref }: ConsentPageProps): VNode => (
  <p class="person">
    <span>{texts.consent.signedInAs(<bdi class="name">{userName}</bdi>)}</span>
    {otherUserHref !== undefined && <a href={otherUserHref}>{texts.consent.otherUser}</a>}
  </p>
);

/** New permissions come first, because the user decides about them. */
const Asked = ({ texts, definitions, scopes, claims, offline }: ConsentPageProps): VNode => {
  const asked = scopes.filter(({ name }) => name !== OFFLINE_ACCESS || offline);
  const fresh = asked.filter(({ granted }) => !granted);
  const before = asked.filter(({ granted }) => granted);
  return (
    <>
      {fresh.length + claims.length > 0 && (
        <section>
          <h2>{texts.consent.asksTo}</h2>
          <ul class="asked">
            {fresh.map(({ name }) => (
              <AskedItem {...scopeText(texts, name, definitions)} />
            ))}
            {claims.length > 0 && (
              <AskedItem
                sign="list"
                title={texts.consent.seeDetails}
                text={<ClaimNames texts={texts} claims={claims} />}
              />
            )}
          </ul>
        </section>
      )}
      {before.length > 0 && (
        <section>
          <h2>{texts.consent.alreadyAllowed}</h2>
          <ul class="asked asked-before">
            {before.map(({ name }) => (
              <AskedItem {...scopeText(texts, name, definitions)} />
            ))}
          </ul>
        </section>
      )}
    </>
  );
};

interface AskedItemProps {
  readonly sign: SignName;
  readonly title: ComponentChildren;
  readonly text?: ComponentChildren;
}

const AskedItem = ({ sign, title, text }: AskedItemProps): VNode => (
  <li>
    <Sign name={sign} />
    <div>
      <p>{title}</p>
      {text !== undefined && <p>{text}</p>}
    </div>
  </li>
);

/** Two buttons of the same size; "deny" comes first in tab order. */
const Decision = ({ texts, action, formToken, authorizationRequest }: ConsentPageProps): VNode => (
  <PostForm
    class="choices"
    action={action}
    formToken={formToken}
    hidden={{ authorization_request: authorizationRequest }}
  >
    <button class="button" type="submit" name="decision" value="deny">
      {texts.consent.deny}
    </button>
    <button class="button button-primary" type="submit" name="decision" value="allow">
      {texts.consent.allow}
    </button>
  </PostForm>
);
