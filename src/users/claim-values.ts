/**
 * Validates the claims of a user (OpenID Connect Core §5.1), with limits because they go into ID tokens and pages.
 * `updated_at` is set by the service only.
 */
import type { AddressClaim, ClaimName, StandardClaims } from '../oauth/standard-claims.js';

/** The whole set, as JSON: a request to the admin API is 16 KB at most. */
const MAX_BYTES = 8192;

/** @returns what the value must be; undefined if it is valid */
type Rule = (value: unknown) => string | undefined;

const must =
  (holds: (value: string) => boolean, words: string): Rule =>
  (value) =>
    typeof value === 'string' && holds(value) ? undefined : words;

export const isLine = (text: string, max: number): boolean =>
  text !== '' && [...text].length <= max && !/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/u.test(text);

const line = (max: number): Rule => must((text) => isLine(text, max), `must be one line of 1 to ${max} characters`);

const paragraph = (max: number): Rule =>
  must(
    (text) => text.replace(/\r?\n/g, '').length <= max && isLine(text.replace(/\r?\n/g, ' '), max),
    `must be text of 1 to ${max} characters`,
  );

const flag: Rule = (value) => (typeof value === 'boolean' ? undefined : 'must be true or false');

/** Pages link to it or show it, so only http and https. */
const webAddress = must(
  (text) => isLine(text, 2000) && URL.canParse(text) && ['https:', 'http:'].includes(new URL(text).protocol),
  'must be an http or https URL',
);

/** The commonly used part of RFC 5322 addr-spec. */
const emailAddress = must(
  (text) => isLine(text, 254) && /^[^\s@<>,;:"\\]+@[^\s@<>,;:"\\]+$/.test(text),
  'must be an e-mail address',
);

/** E.164 with the usual punctuation, and an extension in RFC 3966 syntax. */
const phoneNumber = must(
  (text) => /^\+\d[\d ().-]{2,38}(;ext=\d{1,10})?$/.test(text),
  'must be a phone number in international form, like +1 (425) 555-1212',
);

/** ISO 8601-1: a date, a year, or a date with the year left out (0000). */
const birthdate = must(
  (text) => /^\d{4}$/.test(text) || isDay(text.replace(/^0000-/, '2000-')),
  'must be YYYY-MM-DD or YYYY',
);

const isDay = (text: string): boolean => {
  const time = /^\d{4}-\d\d-\d\d$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : NaN;
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text);
};

const succeeds = (attempt: () => unknown): boolean => {
  try {
    attempt();
    return true;
  } catch {
    return false;
  }
};

const timeZone = must(
  (text) => /^[A-Za-z]/.test(text) && succeeds(() => new Intl.DateTimeFormat('en', { timeZone: text })),
  'must be a time zone, like Europe/Paris',
);

/** BCP 47, also with an underscore, which Core §5.1 mentions. */
const locale = must(
  (text) => isLine(text, 64) && succeeds(() => Intl.getCanonicalLocales(text.replaceAll('_', '-'))),
  'must be a language tag, like zh-Hant-TW',
);

const addressRules: Record<keyof AddressClaim, Rule> = {
  formatted: paragraph(1000),
  street_address: paragraph(500),
  locality: line(255),
  region: line(255),
  postal_code: line(64),
  country: line(255),
};

const rules: Record<ClaimName, Rule> = {
  name: line(255),
  given_name: line(255),
  family_name: line(255),
  middle_name: line(255),
  nickname: line(255),
  preferred_username: line(255),
  profile: webAddress,
  picture: webAddress,
  website: webAddress,
  gender: line(64),
  birthdate,
  zoneinfo: timeZone,
  locale,
  updated_at: () => 'is set by the service',
  email: emailAddress,
  email_verified: flag,
  address: (value) => problemsIn(value, addressRules).map(([name, words]) => (name ? `${words}: ${name}` : words))[0],
  phone_number: phoneNumber,
  phone_number_verified: flag,
};

type Problem = readonly [name: string, words: string];

function problemsIn(value: unknown, known: Readonly<Record<string, Rule>>): Problem[] {
  if (!isObject(value)) return [['', 'must be an object']];
  return Object.entries(value).flatMap(([name, member]): Problem[] => {
    if (!Object.hasOwn(known, name)) return [[/^\w{1,64}$/.test(name) ? name : '', UNKNOWN]];
    const words = known[name]!(member);
    return words === undefined ? [] : [[name, words]];
  });
}

const UNKNOWN = 'has no such member (OpenID Connect Core section 5.1)';

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** @returns all problems, each beginning with the name of its field, like `claims.email` */
export function claimProblems(claims: unknown): string[] {
  const problems = problemsIn(claims, rules).map(([name, words]) => `claims${name === '' ? '' : `.${name}`} ${words}`);
  if (problems.length > 0) return problems;
  const { email, email_verified, phone_number, phone_number_verified } = claims as StandardClaims;
  return [
    ...(email_verified !== undefined && email === undefined ? ['claims.email_verified needs claims.email'] : []),
    ...(phone_number_verified !== undefined && phone_number === undefined
      ? ['claims.phone_number_verified needs claims.phone_number']
      : []),
    ...(Buffer.byteLength(JSON.stringify(claims)) > MAX_BYTES ? [`claims must have ${MAX_BYTES} bytes at most`] : []),
  ];
}

/**
 * The valid claims of an upstream provider; invalid ones are dropped. An e-mail address or phone number that the provider
 * does not call verified becomes unverified, even if the stored one was verified.
 */
export function soundClaims(claims: Readonly<Record<string, unknown>>): StandardClaims {
  const sound: Record<string, unknown> = Object.fromEntries(
    Object.entries(claims).filter(([name, value]) => isClaimName(name) && rules[name](value) === undefined),
  );
  for (const [value, verified] of [
    ['email', 'email_verified'],
    ['phone_number', 'phone_number_verified'],
  ] as const) {
    delete sound[verified];
    if (sound[value] !== undefined) sound[verified] = claims[verified] === true;
  }
  return sound;
}

const isClaimName = (name: string): name is ClaimName => Object.hasOwn(rules, name);
