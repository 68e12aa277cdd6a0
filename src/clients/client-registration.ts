/**
 * The rules of a client registration: the limits of each field, and the rules between fields. New clients and changed
 * clients go through the same rules.
 */
import { isScopeToken } from '../oauth/scope.js';
import { isAbsoluteUri } from '../oauth/uri.js';
import type { Field } from './client-field.js';
import { clientFieldEntries, snakeCase, type ClientFields } from './client-fields.js';
import { signInProblems, type Deployment } from './sign-in-registration.js';

export interface ClientRegistration extends ClientFields {
  name: string;
  type: 'confidential' | 'public';
}

export const registrationDefaults = Object.fromEntries(
  clientFieldEntries.map(([name, { initially }]) => [name, initially]),
) as ClientFields;

/** @returns all problems, each beginning with the name of its field; empty for a valid registration */
export function registrationProblems(client: ClientRegistration, deployment: Deployment): string[] {
  const rules: [broken: boolean, problem: string][] = [
    [client.name.trim() === '' || client.name.length > 200, 'name must have 1 to 200 characters'],
    [
      (client.type === 'public') !== (client.tokenEndpointAuthMethod === 'none'),
      'token_endpoint_auth_method must be none for a public client, and must not be none for a confidential one',
    ],
    [
      client.type === 'public' && client.grantTypes.includes('client_credentials'),
      'grant_types must not hold client_credentials for a public client (RFC 6749 section 4.4)',
    ],
    [!client.scopes.every(isScopeToken), 'scopes must be scope tokens (RFC 6749 section 3.3)'],
    [
      !client.audience.every((aud) => aud !== '' && aud.length <= 500),
      'audience must be strings of 1 to 500 characters',
    ],
    [
      client.accessTokenTyp === 'JWT' && !client.audience.every(isAbsoluteUri),
      'audience must hold absolute URIs where access_token_typ is JWT: an access token for a client id could pass for an ID token',
    ],
    [
      client.type === 'public' && client.rotation === 'never',
      'rotation must not be never for a public client: nothing else would show that its refresh token is stolen (RFC 9700 section 4.14.2)',
    ],
    [
      client.mayIntrospect && client.type === 'public',
      'may_introspect needs a confidential client (RFC 7662 section 2.1)',
    ],
  ];
  const limits = clientFieldEntries.flatMap(([name, field]) => {
    const problem = problemOf(field, client[name]);
    return problem === undefined ? [] : [`${snakeCase(name)} ${problem}`];
  });
  const broken = rules.filter(([isBroken]) => isBroken).map(([, problem]) => problem);
  return [...limits, ...broken, ...signInProblems(client, deployment)];
}

function problemOf(field: Field, value: ClientFields[keyof ClientFields]): string | undefined {
  switch (field.kind) {
    case 'choice':
      return field.of.includes(value as string) ? undefined : `must be one of ${field.of.join(', ')}`;
    case 'number': {
      const [min, max] = field.range;
      const isWithin = Number.isInteger(value) && (value as number) >= min && (value as number) <= max;
      return isWithin ? undefined : `must be a whole number from ${min} to ${max}`;
    }
    case 'set': {
      const [{ of, max }, values] = [field, value as readonly string[]];
      if (values.length > max) return `may hold ${max} entries at most`;
      return !of || values.every((one) => of.includes(one)) ? undefined : `may hold ${of.join(', ')}`;
    }
    case 'text':
      return value === null || (value as string).length <= field.max
        ? undefined
        : `must have ${field.max} characters at most`;
    case 'flag':
      return undefined;
  }
}
