/** The small parts that every page is made of. */
import { useState, type ReactNode } from 'react';
import { Button, Heading, type ButtonProps } from 'react-aria-components';
import type { UseQueryResult } from '@tanstack/react-query';
import { Problem } from './api';
import { usePreferences, useTexts } from './preferences';

type Kind = 'primary' | 'danger' | 'plain' | 'quiet';

export const Action = ({ kind = 'plain', ...props }: ButtonProps & { kind?: Kind }) => (
  <Button {...props} className={`button button-${kind}`} />
);

/** Somebody else's text: its direction and its overrides end with it. */
export const Name = ({ children }: { children: ReactNode }) => <bdi className="name">{children}</bdi>;

/** An identifier, shortened where it is long; the whole of it is in the title, and is what is copied. */
export function Id({ value, whole = false }: { value: string; whole?: boolean }) {
  const texts = useTexts();
  const [isCopied, setCopied] = useState(false);
  const shown = whole || value.length <= 20 ? value : `${value.slice(0, 8)}…${value.slice(-6)}`;
  const copy = () => void navigator.clipboard.writeText(value).then(() => setCopied(true));
  return (
    <span className="id">
      <code title={value}>
        <bdi>{shown}</bdi>
      </code>
      {whole && (
        <Button className="copy" onPress={copy} aria-label={`${texts.copy}: ${value}`}>
          {isCopied ? texts.copied : texts.copy}
        </Button>
      )}
    </span>
  );
}

/** A time as people say it, with the exact one in its title. */
export function Moment({ at, exact = false }: { at: string | undefined; exact?: boolean }) {
  const { language } = usePreferences();
  if (at === undefined) return <span className="muted">–</span>;
  const date = new Date(at);
  const full = date.toLocaleString(language, { dateStyle: 'medium', timeStyle: 'medium' });
  return (
    <time dateTime={at} title={`${full} (${at})`}>
      {exact ? full : relative(date, language)}
    </time>
  );
}

const UNITS: [Intl.RelativeTimeFormatUnit, number][] = [
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
];

function relative(date: Date, language: string): string {
  const seconds = (date.getTime() - Date.now()) / 1000;
  if (Math.abs(seconds) > 30 * 86_400) return date.toLocaleDateString(language, { dateStyle: 'medium' });
  const format = new Intl.RelativeTimeFormat(language, { numeric: 'auto' });
  const [unit, length] = UNITS.find(([, one]) => Math.abs(seconds) >= one) ?? ['second', 1];
  return format.format(Math.round(seconds / length), unit);
}

export type Tone = 'good' | 'bad' | 'warn' | 'quiet';

export const Badge = ({ tone = 'quiet', title, children }: { tone?: Tone; title?: string; children: ReactNode }) => (
  <span className={`badge badge-${tone}`} title={title}>
    {children}
  </span>
);

export const toneOfState = (state: string): Tone =>
  (({ active: 'good', suspended: 'warn', revoked: 'bad' }) as Record<string, Tone>)[state] ?? 'quiet';

export function State({ state }: { state: string }) {
  const texts = useTexts();
  return (
    <Badge tone={toneOfState(state)} title={texts.stateTexts[state]}>
      {texts.states[state] ?? state}
    </Badge>
  );
}

export const PageTitle = ({ children, actions }: { children: ReactNode; actions?: ReactNode }) => (
  <header className="page-title">
    <Heading level={1}>{children}</Heading>
    {actions && <div className="actions">{actions}</div>}
  </header>
);

export const Section = ({
  title,
  actions,
  children,
}: {
  title: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
}) => (
  <section className="section">
    <div className="section-title">
      <Heading level={2}>{title}</Heading>
      {actions && <div className="actions">{actions}</div>}
    </div>
    {children}
  </section>
);

/** Names and values, side by side where there is room. */
export const Facts = ({ items }: { items: readonly (readonly [ReactNode, ReactNode] | false | undefined)[] }) => (
  <dl className="facts">
    {items
      .filter((item) => !!item)
      .map(([name, value], index) => (
        <div key={index}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
  </dl>
);

export const Empty = ({ children }: { children: ReactNode }) => <p className="empty">{children}</p>;

export function Failure({ error, retry }: { error: unknown; retry?: () => void }) {
  const texts = useTexts();
  const problem = error instanceof Problem ? error : new Problem(0, String((error as Error).message));
  const said = problem.status === 0 ? texts.unreachable : problem.message || texts.unexpected(problem.status);
  return (
    <div className="failure" role="alert">
      <p>
        <strong>{problem.status === 403 ? texts.missingScope : texts.failed}</strong> {said}
      </p>
      {problem.fields.length > 0 && (
        <ul>
          {problem.fields.map(({ field, detail }) => (
            <li key={field}>{detail}</li>
          ))}
        </ul>
      )}
      {problem.correlationId && (
        <p className="small muted">
          {texts.correlation} <code>{problem.correlationId}</code>
        </p>
      )}
      {retry && <Action onPress={retry}>{texts.retry}</Action>}
    </div>
  );
}

export function Waiting() {
  const texts = useTexts();
  return (
    <div className="waiting" role="status">
      <span className="hidden">{texts.loading}</span>
      <span className="bar" />
      <span className="bar" />
      <span className="bar" />
    </div>
  );
}

/** What a request has brought, or what stands there until it has. */
export function Loaded<T>({ query, children }: { query: UseQueryResult<T>; children: (data: T) => ReactNode }) {
  if (query.data !== undefined) return <>{children(query.data)}</>;
  return query.isError ? <Failure error={query.error} retry={() => void query.refetch()} /> : <Waiting />;
}
