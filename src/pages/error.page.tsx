import type { VNode } from 'preact';
import type { PageProblem, Texts } from './texts.js';

export interface ErrorPageProps {
  readonly texts: Texts;
  readonly problem: PageProblem;
  /** The request's id in the log and the audit log. Generated here, and the only variable text of the page. */
  readonly correlationId: string;
}

export const ErrorPage = ({ texts, problem, correlationId }: ErrorPageProps): VNode => (
  <div class="card stack">
    <h1>{texts.errors[problem].title}</h1>
    <p>{texts.errors[problem].text}</p>
    <p class="reference">
      {texts.errors.reference} <code>{correlationId}</code>
    </p>
  </div>
);
