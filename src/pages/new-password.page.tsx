/** The fields for a new password, and what is wrong with one that was refused. */
import type { VNode } from 'preact';
import type { PasswordRefusal, Texts } from './texts.js';

export const PASSWORD_PROBLEM_ID = 'problem';
const HINT_ID = 'new-password-hint';

interface NewPasswordFieldsProps {
  readonly texts: Texts;
  readonly minCharacters: number;
  /** Whether the problem of the page is about them. */
  readonly isWrong: boolean;
}

export const NewPasswordFields = ({ texts, minCharacters, isWrong }: NewPasswordFieldsProps): VNode => {
  const described = isWrong ? `${PASSWORD_PROBLEM_ID} ${HINT_ID}` : HINT_ID;
  const facts = { type: 'password', autocomplete: 'new-password', required: true, 'aria-invalid': isWrong } as const;
  return (
    <>
      <div>
        <label for="new-password">{texts.newPassword.next}</label>
        <input id="new-password" name="new_password" aria-describedby={described} {...facts} />
        <p class="muted small" id={HINT_ID}>
          {texts.newPassword.hint(minCharacters)}
        </p>
      </div>
      <div>
        <label for="new-password-again">{texts.newPassword.again}</label>
        <input id="new-password-again" name="new_password_again" {...facts} />
      </div>
    </>
  );
};

interface PasswordProblemProps {
  readonly texts: Texts;
  readonly refusal: PasswordRefusal | undefined;
  readonly minCharacters: number;
}

export const PasswordProblem = ({ texts, refusal, minCharacters }: PasswordProblemProps): VNode | null =>
  refusal ? (
    <p class="note note-danger" role="alert" id={PASSWORD_PROBLEM_ID}>
      {textOf(texts, refusal, minCharacters)}
    </p>
  ) : null;

function textOf(texts: Texts, refusal: PasswordRefusal, minCharacters: number): string {
  if (refusal.verdict === 'unfit') return texts.newPassword.flaws[refusal.flaw](minCharacters);
  if (refusal.verdict !== 'throttled') return texts.newPassword[refusal.verdict];
  return `${texts.signIn.throttled} ${texts.signIn.retryIn(refusal.retryAfterSeconds)}`;
}
