import type { VNode } from 'preact';
import { HiddenFields } from '../../pages/form-fields.page.js';
import { sourceHash } from '../../pages/source-hash.js';
import type { Texts } from '../../pages/texts.js';

/** The prototype's, because a field may be named `submit`. */
const SCRIPT = 'HTMLFormElement.prototype.submit.call(document.forms[0])';

/** For the policy of this page, the only one with a script. */
export const FORM_POST_SCRIPT_HASH = sourceHash(SCRIPT);

export interface FormPostPageProps {
  readonly texts: Texts;
  /** The redirect URI. */
  readonly action: string;
  readonly parameters: Readonly<Record<string, string>>;
}

/** OAuth 2.0 Form Post Response Mode: the answer as a form that the browser sends on, at once or when the user says so. */
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
