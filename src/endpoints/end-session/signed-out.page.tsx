import type { VNode } from 'preact';
import type { Texts } from '../../pages/texts.js';

export interface SignedOutPageProps {
  readonly texts: Texts;
  /** The URL to sign in again: the account page. */
  readonly signInHref: string;
  /** The request asked for a redirect that is not made. */
  readonly isWithheld?: boolean;
}

export const SignedOutPage = ({ texts, signInHref, isWithheld = false }: SignedOutPageProps): VNode => (
  <div class="card stack">
    <div class="stack-tight">
      <h1>{texts.signedOut.title}</h1>
      <p class="muted">{texts.signedOut.text}</p>
    </div>
    {isWithheld && <p class="note note-notice">{texts.signedOut.withheld}</p>}
    <a class="button button-block" href={signInHref}>
      {texts.signedOut.signInAgain}
    </a>
  </div>
);
