/** Components for the forms of all pages. */
import type { ComponentChildren, VNode } from 'preact';
import { FORM_TOKEN } from './form-token.js';

interface PostFormProps {
  /** A path of this service. */
  readonly action: string;
  readonly formToken: string;
  /** Hidden fields. */
  readonly hidden?: Readonly<Record<string, string | undefined>>;
  readonly class?: string;
  readonly children: ComponentChildren;
}

export const PostForm = ({ action, formToken, hidden = {}, class: className, children }: PostFormProps): VNode => (
  <form method="post" action={action} class={className}>
    <HiddenFields fields={{ ...hidden, [FORM_TOKEN]: formToken }} />
    {children}
  </form>
);

interface HiddenFieldsProps {
  readonly fields: Readonly<Record<string, string | undefined>>;
}

/** Omits fields without a value. */
export const HiddenFields = ({ fields }: HiddenFieldsProps): VNode => (
  <>
    {Object.entries(fields).map(([name, value]) =>
      value === undefined ? null : <input type="hidden" name={name} value={value} />,
    )}
  </>
);
