/** A client as the rules see it, and what it may do. */
import type { GrantType } from '../oauth/grant-type.js';
import type { ClientFields } from './client-fields.js';
import type { StoredSecret } from './client-secret.js';

export interface Client extends Readonly<ClientFields> {
  readonly clientId: string;
  readonly name: string;
  readonly type: 'confidential' | 'public';
  readonly disabledAt: Date | null;
  readonly secrets: readonly StoredSecret[];
  /** Whether a scope of its own is defined to do so; a refresh for any other client looks for no claims. */
  readonly releasesIntoAccessTokens?: boolean;
}

export const mayUse = (client: Client, grantType: GrantType): boolean => client.grantTypes.includes(grantType);

export const isDisabled = (client: Client): boolean => client.disabledAt !== null;
