/**
 * What a setting is: a name in the environment, a parser, a default. Rules only; reading the environment is
 * `load-config.ts`, the list of settings is `settings.ts`.
 */

/** A parser returns the value, or throws a `SettingProblem` that says what was expected (never what was given: it may be a secret). */
export type Parse<T> = (text: string) => T;

export class SettingProblem extends Error {}

export interface Setting<T> {
  readonly name: string;
  readonly parse: Parse<T>;
  /** Used when the variable is absent or empty. */
  readonly fallback: T;
}

export const text: Parse<string> = (value) => value;

export function oneOf<const T extends string>(...allowed: T[]): Parse<T> {
  return (value) => {
    const found = allowed.find((candidate) => candidate === value);
    if (found === undefined) throw new SettingProblem(`must be one of ${allowed.join(', ')}`);
    return found;
  };
}

export function integer(min: number, max: number): Parse<number> {
  return (value) => {
    const number = Number(value);
    if (!/^\d+$/.test(value) || number < min || number > max) {
      throw new SettingProblem(`must be a whole number from ${min} to ${max}`);
    }
    return number;
  };
}

export function url(...protocols: string[]): Parse<string> {
  return (value) => {
    if (!URL.canParse(value) || !protocols.includes(new URL(value).protocol)) {
      throw new SettingProblem(`must be a URL that starts with ${protocols.map((p) => `${p}//`).join(' or ')}`);
    }
    return value;
  };
}

export const commaSeparated: Parse<string[]> = (value) =>
  value
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
