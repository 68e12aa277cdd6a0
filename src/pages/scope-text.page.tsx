/** The description of a scope for users; the scope's name if it has no description. */
import type { ComponentChildren, VNode } from 'preact';
import type { SignName } from './signs.page.js';
import type { ScopeDefinitions } from '../oauth/scope-definition.js';
import type { DescribedScope, Texts } from './texts.js';

const signs: Readonly<Record<DescribedScope, SignName>> = {
  openid: 'person',
  profile: 'card',
  email: 'mail',
  address: 'home',
  phone: 'phone',
  groups: 'people',
  roles: 'badge',
  offline_access: 'clock',
};

const isDescribed = (scope: string): scope is DescribedScope => Object.hasOwn(signs, scope);

export interface ScopeText {
  readonly sign: SignName;
  readonly title: ComponentChildren;
  readonly text?: string;
}

export function scopeText(texts: Texts, scope: string, scopes: ScopeDefinitions): ScopeText {
  if (isDescribed(scope)) return { sign: signs[scope], ...texts.scopes[scope] };
  const own = scopes.get(scope)?.texts?.[texts.language];
  return { sign: 'key', title: own === undefined ? texts.consent.otherScope(<code>{scope}</code>) : <bdi>{own}</bdi> };
}

/** Claims that a client requests by name. */
export const ClaimNames = ({ texts, claims }: { readonly texts: Texts; readonly claims: readonly string[] }): VNode => (
  <>
    {claims.map((claim, at) => (
      <>
        {at > 0 && texts.comma}
        {Object.hasOwn(texts.claims, claim) ? texts.claims[claim as keyof Texts['claims']] : <code>{claim}</code>}
      </>
    ))}
  </>
);
