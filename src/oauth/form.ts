/**
 * The body of a token, revocation or introspection request: `application/x-www-form-urlencoded` parameters, flat, each at
 * most once (RFC 6749 §3.2 and appendix B). No nesting, no arrays, no prototype: `a[b]=1` is just a parameter of that name.
 */
import { OAuthError } from './oauth-error.js';

const MAX_PARAMETERS = 50;

export class Form {
  private constructor(private readonly values: ReadonlyMap<string, string>) {}

  /** @throws OAuthError invalid_request on too many or repeated parameters, and on broken percent-encoding */
  static parse(body: string): Form {
    const values = new Map<string, string>();
    const pairs = body === '' ? [] : body.split('&', MAX_PARAMETERS + 1);
    if (pairs.length > MAX_PARAMETERS) throw OAuthError.invalidRequest('too_many_parameters');
    for (const pair of pairs) {
      if (pair === '') continue;
      const equals = pair.indexOf('=');
      const name = decodeFormText(equals < 0 ? pair : pair.slice(0, equals));
      if (values.has(name)) throw OAuthError.invalidRequest('repeated_parameter');
      values.set(name, equals < 0 ? '' : decodeFormText(pair.slice(equals + 1)));
    }
    return new Form(values);
  }

  /** A parameter without a value counts as omitted, and an unrecognised one is never asked for (RFC 6749 §3.2). */
  get(name: string): string | undefined {
    return this.values.get(name) || undefined;
  }
}

/** Undoes form-encoding. @throws OAuthError invalid_request on `%zz` and on bytes that are not UTF-8 */
export function decodeFormText(text: string): string {
  const spaced = text.includes('+') ? text.replaceAll('+', ' ') : text;
  if (!spaced.includes('%')) return spaced;
  try {
    return decodeURIComponent(spaced);
  } catch (cause) {
    throw new OAuthError('invalid_request', { reason: 'broken_percent_encoding', cause });
  }
}
