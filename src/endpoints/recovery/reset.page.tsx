import type { VNode } from 'preact';
import { LINK } from '../../mail/mail-link.js';
import { PostForm } from '../../pages/form-fields.page.js';
import { NewPasswordFields, PasswordProblem } from '../../pages/new-password.page.js';
import type { PasswordRefusal, Texts } from '../../pages/texts.js';

export interface ResetPageProps {
  readonly texts: Texts;
  readonly action: string;
  readonly formToken: string;
  readonly link: string;
  readonly username: string;
  readonly minCharacters: number;
  readonly refusal?: PasswordRefusal | undefined;
}

/** A new password for the user of a link. */
export const ResetPage = (props: ResetPageProps): VNode => {
  const { texts, action, formToken, link, username, minCharacters, refusal } = props;
  return (
    <div class="card stack">
      <div class="stack-tight">
        <h1>{texts.forgotten.choose}</h1>
        <p class="muted">{texts.forgotten.forUser(<bdi class="name">{username}</bdi>)}</p>
      </div>
      <PasswordProblem texts={texts} refusal={refusal} minCharacters={minCharacters} />
      <PostForm class="fields" action={action} formToken={formToken} hidden={{ [LINK]: link }}>
        <NewPasswordFields texts={texts} minCharacters={minCharacters} isWrong={refusal !== undefined} />
        <button class="button button-primary button-block" type="submit">
          {texts.forgotten.save}
        </button>
      </PostForm>
    </div>
  );
};
