/** The lists of the account page: entries with their details and the button that ends them. */
import type { ComponentChildren, VNode } from 'preact';
import { PostForm } from '../../pages/form-fields.page.js';
import type { Explained } from '../../pages/texts.js';

interface EntriesProps {
  readonly about: Explained;
  /** The text for an empty list. */
  readonly none: string;
  readonly entries: readonly VNode[];
  readonly children?: ComponentChildren;
}

export const Entries = ({ about, none, entries, children }: EntriesProps): VNode => (
  <section class="card">
    <div class="stack-tight">
      <h2>{about.title}</h2>
      <p class="muted">{about.text}</p>
    </div>
    {entries.length > 0 ? <ul class="entries">{entries}</ul> : <p class="entries-none">{none}</p>}
    {children}
  </section>
);

interface EntryProps {
  readonly title: ComponentChildren;
  readonly subtitle?: string;
  readonly facts: readonly (readonly [name: string, value: ComponentChildren])[];
  readonly end: EndProps;
}

export const Entry = ({ title, subtitle, facts, end }: EntryProps): VNode => (
  <li>
    <div>
      <h3>{title}</h3>
      {subtitle !== undefined && <p class="muted">{subtitle}</p>}
      <dl class="facts">
        {facts.map(([name, value]) => (
          <>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </>
        ))}
      </dl>
    </div>
    <End {...end} />
  </li>
);

interface EndProps {
  readonly action: string;
  readonly formToken: string;
  readonly field: Readonly<Record<string, string>>;
  readonly label: string;
  /** The item that the button ends, for screen readers. */
  readonly of: ComponentChildren;
}

const End = ({ action, formToken, field, label, of }: EndProps): VNode => (
  <PostForm action={action} formToken={formToken} hidden={field}>
    <button class="button button-small" type="submit">
      {label}
      <span class="hidden">{of}</span>
    </button>
  </PostForm>
);
