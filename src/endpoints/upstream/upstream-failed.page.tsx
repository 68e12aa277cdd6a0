import type { VNode } from 'preact';
import type { PageProblem, Texts } from '../../pages/texts.js';

export interface UpstreamFailedPageProps {
  readonly texts: Texts;
  readonly problem: PageProblem;
  readonly correlationId: string;
  /** The URL to start again. */
  readonly href: string;
}

export const UpstreamFailedPage = ({ texts, problem, correlationId, href }: UpstreamFailedPageProps): VNode => (
  <div class="card stack">
    <h1>{texts.errors[problem].title}</h1>
    <p>{texts.errors[problem].text}</p>
    <a class="button button-primary button-block" href={href}>
      {texts.signIn.title}
    </a>
    <p class="reference">
      {texts.errors.reference} <code>{correlationId}</code>
    </p>
  </div>
);
