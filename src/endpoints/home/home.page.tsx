/** The home page: what this service is, who is signed in, and where to go on. */
import type { ComponentChildren, VNode } from 'preact';
import type { Texts } from '../../pages/texts.js';

export interface HomePageProps {
  readonly texts: Texts;
  /** The signed-in user; undefined if there is none. */
  readonly userName?: string | undefined;
  readonly signInHref: string;
  readonly accountHref: string;
  readonly signOutHref: string;
  readonly discoveryHref: string;
  /** Links for trying the service out; absent in production. */
  readonly trial?: Trial | undefined;
}

interface Trial {
  readonly demoHref: string | undefined;
  readonly consoleHref: string | undefined;
  readonly adminApiHref: string;
}

export const HomePage = (props: HomePageProps): VNode => {
  const { texts, discoveryHref, trial } = props;
  return (
    <div class="card stack">
      <div class="stack-tight">
        <h1>{texts.home.title}</h1>
        <p class="muted">{texts.home.text}</p>
      </div>
      <You {...props} />
      <section class="links">
        <h2>{texts.home.developers}</h2>
        <ul>
          {trial?.demoHref !== undefined && <Lead href={trial.demoHref} about={texts.home.demo} />}
          <Lead href={discoveryHref} about={texts.home.discovery} />
          {trial?.consoleHref !== undefined && <Lead href={trial.consoleHref} about={texts.home.console} />}
          {trial && <Lead href={trial.adminApiHref} about={texts.home.adminApi} />}
          {trial && (
            <li>
              <h3>{texts.home.docs}</h3>
              <p>
                {texts.home.docsIn(
                  <code>README.md</code>,
                  <code>docs/sign-in.md</code>,
                  <code>docs/refresh-tokens.md</code>,
                )}
              </p>
            </li>
          )}
        </ul>
      </section>
    </div>
  );
};

const You = ({ texts, userName, signInHref, accountHref, signOutHref }: HomePageProps): VNode =>
  userName === undefined ? (
    <>
      <p class="person">
        <span>{texts.home.nobody}</span>
      </p>
      <a class="button button-primary button-block" href={signInHref}>
        {texts.signIn.submit}
      </a>
    </>
  ) : (
    <>
      <p class="person">
        <span>{texts.signOut.signedInAs(<bdi class="name">{userName}</bdi>)}</span>
      </p>
      <div class="choices">
        <a class="button" href={signOutHref}>
          {texts.signOut.submit}
        </a>
        <a class="button button-primary" href={accountHref}>
          {texts.account.title}
        </a>
      </div>
    </>
  );

interface LeadProps {
  readonly href: string;
  readonly about: { readonly title: string; readonly text: ComponentChildren };
}

const Lead = ({ href, about }: LeadProps): VNode => (
  <li>
    <h3>
      <a href={href}>{about.title}</a>
    </h3>
    <p>{about.text}</p>
  </li>
);
