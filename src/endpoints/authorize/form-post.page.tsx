import type { VNode } from 'preact';
import { HiddenFields } from '../../pages/form-fields.page.js';
import { sourceHash } from '../../pages/source-hash.js';
import type { Texts } from '../../pages/texts.js';

/** Calls the prototype's `submit`, because a field named `submit` would hide the form's own. */
const SCRIPT = 'HTMLFormElement.prototype.submit.call(document.forms[0])';

/** For the Content-Security-Policy of this page, the only one with a script. */
export const FORM_POST_SCRIPT_HASH = sourceHash(SCRIPT);

export interface FormPostPageProps {
  readonly texts: Texts;
  /** The redirect URI. */
  readonly action: string;
  readonly parameters: Readonly<Record<string, string>>;
}

/** OAuth 2.0 Form Post Response Mode: a form that submits itself, or by a button if scripts are off. */
export const FormPostPage = ({ texts, action, parameters }: FormPostPageProps): VNode => (
  <div class="card stack">
    <div class="stack-tight">
      <h1>{texts.formPost.title}</h1>
      <p class="muted">{texts.formPost.text}</p>
    </div>
    <form method="post" action={action}>
      <HiddenFields fields={parameters} />
      <button class="button button-primary button-block" type="submit">
        {texts.formPost.submit}
      </button>
    </form>
    <script>{SCRIPT}</script>
  </div>
);
