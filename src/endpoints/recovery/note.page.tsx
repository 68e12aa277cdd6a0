import type { VNode } from 'preact';
import type { Explained } from '../../pages/texts.js';

export interface NotePageProps {
  readonly about: Explained;
  readonly onward: { readonly href: string; readonly label: string };
}

/** Says one thing, and where to go on. */
export const NotePage = ({ about, onward }: NotePageProps): VNode => (
  <div class="card stack">
    <h1>{about.title}</h1>
    <p>{about.text}</p>
    <a class="button button-block" href={onward.href}>
      {onward.label}
    </a>
  </div>
);
