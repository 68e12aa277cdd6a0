import type { VNode } from 'preact';
import { PostForm } from '../../pages/form-fields.page.js';
import type { Texts } from '../../pages/texts.js';
import type { SignInObstacle } from '../../sessions/sign-in-obstacle.js';

export interface SignInPageProps {
  readonly texts: Texts;
  readonly action: string;
  readonly formToken: string;
  /** Absent if the user signs in for the account page. */
  readonly authorizationRequest?: string | undefined;
  readonly clientName?: string | undefined;
  /** The username typed before, or the client's `login_hint`. */
  readonly username?: string | undefined;
  readonly problem?: 'wrong' | 'throttled' | undefined;
  readonly obstacle?: SignInObstacle | undefined;
  readonly retryAfterSeconds?: number | undefined;
  /** The password was changed by a link, just now. */
  readonly hasNewPassword?: boolean;
  /** For users who have forgotten their password. */
  readonly forgottenHref?: string | undefined;
  /** The operator's help. */
  readonly supportHref?: string | undefined;
  /** The other way to sign in. */
  readonly upstream?: { readonly name: string; readonly href: string } | undefined;
}

const PROBLEM_ID = 'problem';

export const SignInPage = (props: SignInPageProps): VNode => {
  const { texts, clientName, upstream } = props;
  return (
    <div class="card stack">
      <div class="stack-tight">
        <h1>{texts.signIn.title}</h1>
        <p class="muted">
          {clientName === undefined
            ? texts.signIn.toYourAccount
            : texts.signIn.toContinueTo(<bdi class="name">{clientName}</bdi>)}
        </p>
      </div>
      {props.hasNewPassword && (
        <p class="note note-done" role="status">
          {texts.signIn.hasNewPassword}
        </p>
      )}
      {props.obstacle && <p class="note note-notice">{texts.signIn[props.obstacle]}</p>}
      <Problem {...props} />
      <PasswordForm {...props} />
      <Help {...props} />
      {upstream && (
        <>
          <p class="or">{texts.signIn.or}</p>
          <a class="button button-block" href={upstream.href}>
            <span>{texts.signIn.upstream(<bdi>{upstream.name}</bdi>)}</span>
          </a>
        </>
      )}
    </div>
  );
};

const Help = ({ texts, forgottenHref, supportHref }: SignInPageProps): VNode | null =>
  forgottenHref === undefined && supportHref === undefined ? null : (
    <p class="aside">
      {forgottenHref !== undefined && <a href={forgottenHref}>{texts.signIn.forgotten}</a>}
      {supportHref !== undefined && <a href={supportHref}>{texts.signIn.support}</a>}
    </p>
  );

const Problem = ({ texts, problem, retryAfterSeconds }: SignInPageProps): VNode | null =>
  problem ? (
    <p class="note note-danger" role="alert" id={PROBLEM_ID}>
      {texts.signIn[problem]}
      {problem === 'throttled' && retryAfterSeconds !== undefined && ` ${texts.signIn.retryIn(retryAfterSeconds)}`}
    </p>
  ) : null;

const PasswordForm = ({
  texts,
  action,
  formToken,
  authorizationRequest,
  username,
  problem,
}: SignInPageProps): VNode => {
  const described = problem && { 'aria-describedby': PROBLEM_ID, 'aria-invalid': problem === 'wrong' };
  return (
    <PostForm
      class="fields"
      action={action}
      formToken={formToken}
      hidden={{ authorization_request: authorizationRequest }}
    >
      <div>
        <label for="username">{texts.signIn.username}</label>
        <input
          id="username"
          name="username"
          type="text"
          value={username}
          autocomplete="username"
          autocapitalize="none"
          autocorrect="off"
          spellcheck={false}
          required
          autofocus={!username}
          {...described}
        />
      </div>
      <div>
        <label for="password">{texts.signIn.password}</label>
        <input
          id="password"
          name="password"
          type="password"
          autocomplete="current-password"
          required
          autofocus={!!username}
          {...described}
        />
      </div>
      <button class="button button-primary button-block" type="submit">
        {texts.signIn.submit}
      </button>
    </PostForm>
  );
};
