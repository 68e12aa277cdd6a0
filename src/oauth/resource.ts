/** Resource indicators (RFC 8707 §2): the absolute URIs of the resource servers that an access token is for. */
import { OAuthError } from './oauth-error.js';
import { isWithin } from './scope.js';
import { isAbsoluteUri } from './uri.js';

const MAX_RESOURCES = 10;
const MAX_RESOURCE_CHARACTERS = 500;

/** @returns the set, in order; undefined if a value is not an absolute URI, has a fragment or is too long, or there are too many */
export function parseResources(values: readonly string[]): string[] | undefined {
  const resources = [...new Set(values)];
  return resources.length <= MAX_RESOURCES && resources.every(isResource) ? resources : undefined;
}

/**
 * @param audience the client's audience
 * @returns the set, in order
 * @throws OAuthError invalid_target
 */
export function resourcesWithin(asked: readonly string[], audience: readonly string[]): string[] {
  const resources = parseResources(asked);
  if (resources && isWithin(resources, audience)) return resources;
  throw resources
    ? refusal('beyond_client', "The resource is not in this client's registered audience.")
    : refusal(
        'malformed',
        `The parameter resource is malformed: an absolute URI without a fragment, ${MAX_RESOURCES} at most.`,
      );
}

const refusal = (reason: string, description: string) => new OAuthError('invalid_target', { reason, description });

const isResource = (text: string): boolean =>
  text.length <= MAX_RESOURCE_CHARACTERS && isAbsoluteUri(text) && !text.includes('#');
