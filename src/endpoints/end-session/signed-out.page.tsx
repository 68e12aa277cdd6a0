import type { VNode } from 'preact';
import type { Texts } from '../../pages/texts.js';

export interface SignedOutPageProps {
  readonly texts: Texts;
  /** The URL to sign in again: the account page. */
  readonly signInHref: string;
}

export const SignedOutPage = ({ texts, signInHref }: SignedOutPageProps): VNode => (
  <div class="card stack">
    <div class="stack-tight">
      <h1>{texts.signedOut.title}</h1>
      <p class="muted">{texts.signedOut.text}</p>
    </div>
    <a class="button button-block" href={signInHref}>
      {texts.signedOut.signInAgain}
    </a>
  </div>
);
