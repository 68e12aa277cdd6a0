/**
 * A setting: its environment variable, parser and default. `load-config.ts` reads the environment; `settings.ts` lists the
 * settings.
 */

import { isIP } from 'node:net';
import { claimNameProblem } from '../../oauth/claim-name.js';
import { isStandardClaim } from '../../oauth/standard-claims.js';

/** Returns the value, or throws a `SettingProblem` that says what was expected, without the given value, which may be a secret. */
export type Parse<T> = (text: string) => T;

export class SettingProblem extends Error {}

export interface Setting<T> {
  readonly name: string;
  readonly parse: Parse<T>;
  /** Used when the variable is absent or empty. */
  readonly fallback: T;
  /** May be read from a file: see `secret-file.ts`. */
  readonly isSecret?: true;
}

/** A rule names its settings; it is skipped if one of them could not be parsed. */
export type Rule = readonly [about: readonly Setting<unknown>[], broken: boolean, problem: string];

export const text: Parse<string> = (value) => value;

/** A client id or secret: printable ASCII (RFC 6749 App. A.1, A.2), so no line break that an editor left at its end. */
export const credential: Parse<string> = (value) => {
  if (!/^[\x20-\x7e]+$/.test(value)) throw new SettingProblem('must be printable ASCII characters in one line');
  return value;
};

/** Text for a button. */
export function shortText(maxCharacters: number): Parse<string> {
  return (value) => {
    const trimmed = value.trim();
    if (trimmed === '' || [...trimmed].length > maxCharacters || /[\p{C}\p{Zl}\p{Zp}]/u.test(trimmed)) {
      throw new SettingProblem(`must be a text of at most ${maxCharacters} characters in one line`);
    }
    return trimmed;
  };
}

/** @returns `#rrggbb` in lower case */
export const hexColour: Parse<string> = (value) => {
  const [, digits = ''] = /^#([0-9a-f]{3}|[0-9a-f]{6})$/i.exec(value) ?? [];
  if (digits === '') throw new SettingProblem('must be a colour like #3b63d6');
  return `#${digits.length === 3 ? digits.replace(/./g, '$&$&') : digits}`.toLowerCase();
};

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

/** A number, or `auto`. */
export const processes: Parse<number | 'auto'> = (value) => {
  if (value === 'auto') return value;
  try {
    return integer(1, 256)(value);
  } catch {
    throw new SettingProblem('must be a whole number from 1 to 256, or auto');
  }
};

export function url(...protocols: string[]): Parse<string> {
  return (value) => {
    if (value.trim() !== value || !URL.canParse(value) || !protocols.includes(new URL(value).protocol)) {
      throw new SettingProblem(`must be a URL that starts with ${protocols.map((p) => `${p}//`).join(' or ')}`);
    }
    return value;
  };
}

const ENCODING = 'must have its user and password percent-encoded: % as %25, / as %2F, @ as %40, # as %23, ? as %3F';

/**
 * A server URL with user, password and database. Part of a password that is not percent-encoded would be parsed as the host or the
 * database.
 */
export function serverUrl(database: RegExp, ...protocols: string[]): Parse<string> {
  const parse = url(...protocols);
  return (value) => {
    const { username, password, pathname, search, hash } = new URL(parse(value));
    const isEncoded = [username, password].every(isDecodable) && !`${pathname}${search}${hash}`.includes('@');
    // An @ that ends no user name: one of these characters has cut off the rest.
    if (!isEncoded || hash !== '') throw new SettingProblem(ENCODING);
    if (!database.test(pathname.slice(1)))
      throw new SettingProblem('must end with / and the database name, or have neither');
    return value;
  };
}

function isDecodable(text: string): boolean {
  try {
    return decodeURIComponent(text) !== undefined;
  } catch {
    return false;
  }
}

/** The response at the issuer's URL. */
export const home: Parse<string> = (value) => {
  if (value === 'page' || value === 'none') return value;
  try {
    return url('https:', 'http:')(value);
  } catch {
    throw new SettingProblem('must be page, none, or a URL that starts with https:// or http://');
  }
};

/** `rekey@example.com`, or with a name: `Rekey <rekey@example.com>`. */
export const mailbox: Parse<string> = (value) => {
  if (!/^(?:[^<>@"\\\p{C}]{1,60} <[^\s@<>,;:"\\]+@[^\s@<>,;:"\\]+>|[^\s@<>,;:"\\]+@[^\s@<>,;:"\\]+)$/u.test(value)) {
    throw new SettingProblem('must be an e-mail address, or one with a name like Rekey <rekey@example.com>');
  }
  return value;
};

/** Contact URIs, separated by commas. RFC 9116 §2.5.3 requires https for web URIs. */
export const contacts: Parse<string[]> = (value) =>
  commaSeparated(value).map((item) => {
    if (/\s/.test(item) || !URL.canParse(item) || !/^(mailto:[^@]+@[^@]+|tel:.+|https:.+)$/i.test(item)) {
      throw new SettingProblem('must be URIs like mailto:security@example.com, separated by commas');
    }
    return item;
  });

/** Groups and attributes of users, and the claims of the upstream provider that say them, separated by commas. */
export const claimSources: Parse<(readonly [target: string, source: string])[]> = (value) => {
  const pairs = commaSeparated(value).map((item) => item.split('=', 2).map((side) => side.trim()));
  const targets = pairs.map(([target = '']) => target);
  const areGood = pairs.every(
    ([target = '', source = '']) => source !== '' && claimNameProblem(target) === undefined && !isStandardClaim(target),
  );
  if (!areGood || new Set(targets).size < targets.length) {
    throw new SettingProblem('must be like groups=groups,department=dept, with groups or an attribute before each =');
  }
  return pairs as unknown as (readonly [string, string])[];
};

export const hostName: Parse<string> = (value) => {
  if (!/^[A-Za-z0-9.:-]+$/.test(value)) throw new SettingProblem('must be an address or a host name');
  return value;
};

const commaSeparated: Parse<string[]> = (value) =>
  value
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');

/** Addresses and networks (CIDR), separated by commas. A network of all addresses is refused. */
export const networks: Parse<string[]> = (value) =>
  commaSeparated(value).map((item) => {
    const [address = '', bits, ...rest] = item.split('/');
    const version = isIP(address);
    const size = bits === undefined ? 128 : Number(bits);
    if (
      version === 0 ||
      rest.length > 0 ||
      !Number.isInteger(size) ||
      size < 1 ||
      size > (version === 4 && bits !== undefined ? 32 : 128)
    ) {
      throw new SettingProblem('must be addresses or networks like 10.0.0.0/8, separated by commas');
    }
    return item;
  });

/** Networks and host names, separated by commas. A name ends in a label with a letter (RFC 3696 §2), so no mistyped address. */
export const destinations: Parse<string[]> = (value) =>
  commaSeparated(value).map((item) => {
    if (/^(?:[a-z0-9-]+\.)*[a-z0-9-]*[a-z][a-z0-9-]*\.?$/i.test(item)) return item;
    try {
      return networks(item)[0]!;
    } catch {
      throw new SettingProblem('must be host names, addresses or networks like 10.0.0.0/8, separated by commas');
    }
  });
