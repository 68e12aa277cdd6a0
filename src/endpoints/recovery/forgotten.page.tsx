import type { VNode } from 'preact';
import { PostForm } from '../../pages/form-fields.page.js';
import type { Texts } from '../../pages/texts.js';

export interface ForgottenPageProps {
  readonly texts: Texts;
  readonly action: string;
  readonly backHref: string;
  readonly formToken: string;
  /** There were too many requests. */
  readonly retryAfterSeconds?: number | undefined;
  readonly supportHref?: string | undefined;
}

/** Asks whose password is forgotten. */
export const ForgottenPage = (props: ForgottenPageProps): VNode => {
  const { texts, action, backHref, formToken, retryAfterSeconds, supportHref } = props;
  return (
    <div class="card stack">
      <div class="stack-tight">
        <h1>{texts.forgotten.title}</h1>
        <p class="muted">{texts.forgotten.text}</p>
      </div>
      {retryAfterSeconds !== undefined && (
        <p class="note note-danger" role="alert">
          {texts.signIn.throttled} {texts.signIn.retryIn(retryAfterSeconds)}
        </p>
      )}
      <PostForm class="fields" action={action} formToken={formToken}>
        <div>
          <label for="username">{texts.forgotten.who}</label>
          <input
            id="username"
            name="username"
            type="text"
            autocomplete="username"
            autocapitalize="none"
            autocorrect="off"
            spellcheck={false}
            required
            autofocus
          />
        </div>
        <div class="choices">
          <a class="button" href={backHref}>
            {texts.newPassword.back}
          </a>
          <button class="button button-primary" type="submit">
            {texts.forgotten.submit}
          </button>
        </div>
      </PostForm>
      {supportHref !== undefined && (
        <p class="aside">
          <a href={supportHref}>{texts.signIn.support}</a>
        </p>
      )}
    </div>
  );
};
