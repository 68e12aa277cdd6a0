import type { VNode } from 'preact';
import { PostForm } from '../../pages/form-fields.page.js';
import type { Texts } from '../../pages/texts.js';

export interface SignOutPageProps {
  readonly texts: Texts;
  readonly action: string;
  readonly formToken: string;
  readonly userName: string;
  /** The requesting client, if known. */
  readonly clientName?: string | undefined;
  /** The parameters of the logout request, which the form returns. */
  readonly parameters?: Readonly<Record<string, string | undefined>>;
  /** The URL for users who stay signed in: the account page. */
  readonly stayHref: string;
  /** The request asks for a redirect that will not be made. */
  readonly isWithheld?: boolean;
}

/** Asks the user whether to sign out (RP-Initiated Logout §2). */
export const SignOutPage = ({
  texts,
  clientName,
  userName,
  stayHref,
  isWithheld = false,
  ...form
}: SignOutPageProps): VNode => (
  <div class="card stack">
    <div class="stack-tight">
      <h1>{texts.signOut.title}</h1>
      {clientName !== undefined && <p>{texts.signOut.askedBy(<bdi class="name">{clientName}</bdi>)}</p>}
      <p class="muted">{texts.signOut.text}</p>
    </div>
    {isWithheld && <p class="note note-notice">{texts.signedOut.withheld}</p>}
    <p class="person">
      <span>{texts.signOut.signedInAs(<bdi class="name">{userName}</bdi>)}</span>
    </p>
    <PostForm action={form.action} formToken={form.formToken} hidden={form.parameters ?? {}}>
      <div class="choices">
        <a class="button" href={stayHref}>
          {texts.signOut.stay}
        </a>
        <button class="button button-primary" type="submit">
          {texts.signOut.submit}
        </button>
      </div>
    </PostForm>
  </div>
);
