import type { VNode } from 'preact';
import type { PageProblem, Texts } from './texts.js';

export interface ErrorPageProps {
  readonly texts: Texts;
  readonly problem: PageProblem;
  /** The request's id in the log and the audit log, generated here. */
  readonly correlationId: string;
  /** For the developer of a client, so outside production only. With `correlationId` the only variable texts of the page. */
  readonly mismatch?: Mismatch | undefined;
}

export interface Mismatch {
  readonly sent: string;
  readonly registered: readonly string[];
}

export const ErrorPage = ({ texts: { errors }, problem, correlationId, mismatch }: ErrorPageProps): VNode => (
  <div class="card stack">
    <h1>{errors[problem].title}</h1>
    <p>{errors[problem].text}</p>
    {mismatch && (
      <p class="reference">
        {errors.sent} <code>{mismatch.sent || errors.notSent}</code>
        {errors.registered}{' '}
        {mismatch.registered.map((uri) => (
          <code>{uri}</code>
        ))}
        {errors.notInProduction}
      </p>
    )}
    <p class="reference">
      {errors.reference} <code>{correlationId}</code>
    </p>
  </div>
);
