import type { VNode } from 'preact';
import { PostForm } from '../../pages/form-fields.page.js';
import { NewPasswordFields, PASSWORD_PROBLEM_ID, PasswordProblem } from '../../pages/new-password.page.js';
import type { PasswordRefusal, Texts } from '../../pages/texts.js';

export interface AccountPasswordPageProps {
  readonly texts: Texts;
  readonly action: string;
  readonly backHref: string;
  readonly formToken: string;
  readonly minCharacters: number;
  readonly refusal?: PasswordRefusal | undefined;
}

export const AccountPasswordPage = (props: AccountPasswordPageProps): VNode => {
  const { texts, action, backHref, formToken, minCharacters, refusal } = props;
  const isCurrentWrong = refusal?.verdict === 'refused' || refusal?.verdict === 'throttled';
  return (
    <div class="card stack">
      <h1>{texts.newPassword.change}</h1>
      <PasswordProblem texts={texts} refusal={refusal} minCharacters={minCharacters} />
      <PostForm class="fields" action={action} formToken={formToken}>
        <div>
          <label for="password">{texts.newPassword.current}</label>
          <input
            id="password"
            name="password"
            type="password"
            autocomplete="current-password"
            required
            autofocus
            {...(isCurrentWrong && { 'aria-describedby': PASSWORD_PROBLEM_ID, 'aria-invalid': true })}
          />
        </div>
        <NewPasswordFields texts={texts} minCharacters={minCharacters} isWrong={!!refusal && !isCurrentWrong} />
        <div class="choice">
          <input id="others" type="checkbox" name="others" value="end" checked aria-describedby="others-hint" />
          <label for="others">{texts.newPassword.endOthers}</label>
          <p class="muted small" id="others-hint">
            {texts.newPassword.endOthersHint}
          </p>
        </div>
        <div class="choices">
          <a class="button" href={backHref}>
            {texts.newPassword.back}
          </a>
          <button class="button button-primary" type="submit">
            {texts.newPassword.change}
          </button>
        </div>
      </PostForm>
    </div>
  );
};
