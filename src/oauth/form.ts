/**
 * The parameters of a request to an OAuth endpoint: an `application/x-www-form-urlencoded` body or a query. Each parameter
 * occurs at most once (RFC 6749 §3.1, §3.2 and appendix B) unless its RFC lets it repeat. There is no nesting, array or
 * prototype: `a[b]=1` is a parameter named `a[b]`.
 */
import { OAuthError } from './oauth-error.js';

const MAX_PARAMETERS = 50;

/** RFC 8707 §2. */
const REPEATABLE: ReadonlySet<string> = new Set(['resource']);

export class Form {
  private constructor(private readonly values: ReadonlyMap<string, readonly string[]>) {}

  /**
   * @param encoded a body, or a query without its question mark
   * @throws OAuthError invalid_request on too many or repeated parameters, and on broken percent-encoding
   */
  static parse(encoded: string): Form {
    const { form, repeated } = Form.read(encoded);
    if (repeated.length > 0) throw OAuthError.invalidRequest('repeated_parameter');
    return form;
  }

  /**
   * Like `parse`, but returns repeated parameters, so that the error can go to the redirect URI. The first value counts, and
   * `toString` repeats them as well.
   * @throws OAuthError invalid_request on too many parameters, and on broken percent-encoding
   */
  static read(encoded: string): { form: Form; repeated: readonly string[] } {
    const repeated: string[] = [];
    const values = new Map<string, string[]>();
    const pairs = encoded === '' ? [] : encoded.split('&', MAX_PARAMETERS + 1);
    if (pairs.length > MAX_PARAMETERS) throw OAuthError.invalidRequest('too_many_parameters');
    for (const pair of pairs) {
      if (pair === '') continue;
      const equals = pair.indexOf('=');
      const name = decodeFormText(equals < 0 ? pair : pair.slice(0, equals));
      const value = equals < 0 ? '' : decodeFormText(pair.slice(equals + 1));
      const before = values.get(name);
      if (before) before.push(value);
      else values.set(name, [value]);
      if (before && !REPEATABLE.has(name)) repeated.push(name);
    }
    return { form: new Form(values), repeated };
  }

  /** The parameters in the target of a request, like `/authorize?client_id=x`. @throws OAuthError as `parse` does */
  static ofTarget(target: string): Form {
    const mark = target.indexOf('?');
    return Form.parse(mark < 0 ? '' : target.slice(mark + 1));
  }

  /** A parameter without a value counts as omitted (RFC 6749 §3.2). */
  get(name: string): string | undefined {
    return this.values.get(name)?.[0] || undefined;
  }

  /** The non-empty values of a parameter that may repeat. */
  all(name: string): readonly string[] {
    return this.values.get(name)?.filter((value) => value !== '') ?? [];
  }

  /** The non-empty parameters, in the order in which their names first occur. */
  *entries(): Generator<[name: string, value: string]> {
    for (const name of this.values.keys()) for (const value of this.all(name)) yield [name, value];
  }

  /** A copy without the named parameters and without empty ones. */
  without(...names: readonly string[]): URLSearchParams {
    return new URLSearchParams([...this.entries()].filter(([name]) => !names.includes(name)));
  }

  /** The form-encoded parameters. */
  toString(): string {
    return this.without().toString();
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
