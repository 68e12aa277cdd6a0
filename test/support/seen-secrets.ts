/**
 * With SCAN_LOGS set, a suite searches its own logs, which are at level trace: the secrets that its requests and answers carried, and everything
 * that looks like a token, must be in no line. `secrecy.spec.ts` sends secrets to the wrong places, and searches more than logs.
 */

const seen = new Set<string>();

/** Shorter values occur by chance, and ids are no secrets. */
const MIN_CHARACTERS = 20;
const ID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i;

const SECRET_FIELD =
  /^((access|refresh|id|form|logout|subject)_token|token|client_secret|client_assertion|password(_hash)?|code_verifier|id_token_hint)$/;

function note(value: string): void {
  const bare = value.replace(/=+$/, '');
  if (bare.length >= MIN_CHARACTERS && !ID.test(bare)) seen.add(bare);
}

export function noteRequest({ headers, body }: RequestInit): void {
  for (const [name, value] of new Headers(headers)) {
    if (name === 'authorization') note(value.split(' ').at(-1)!);
    if (name === 'cookie') for (const cookie of value.split('; ')) note(cookie.slice(cookie.indexOf('=') + 1));
  }
  if (typeof body !== 'string') return;
  if (/^[[{]/.test(body)) noteJson(body);
  else noteParameters(new URLSearchParams(body));
}

export function noteAnswer(headers: Headers, text: string): void {
  for (const cookie of headers.getSetCookie()) note(/=([^;]*)/.exec(cookie)?.[1] ?? '');
  noteParameters(new URLSearchParams(headers.get('location')?.split('?')[1]));
  if (/json/.test(headers.get('content-type') ?? '')) noteJson(text);
  for (const [, token] of text.matchAll(/name="form_token" value="([^"]+)"/g)) note(token!);
}

function noteParameters(parameters: URLSearchParams): void {
  for (const [name, value] of parameters) if (name === 'code' || SECRET_FIELD.test(name)) note(value);
}

function noteJson(text: string): void {
  try {
    JSON.parse(text, (name, value: unknown) => {
      if (typeof value === 'string' && SECRET_FIELD.test(name)) note(value);
      return value;
    });
  } catch {
    // It is not JSON on purpose.
  }
}

/** Refresh tokens, codes, JWTs. */
const TOKENS = /\b(?:rt_[\w-]{40,}|ac_[\w-]{40,}|eyJ[\w-]+\.eyJ[\w-]+\.[\w-]+)/;

/** Base64url and its separators; base64. */
const WORDS = [/[\w.~-]{20,}/g, /[\w+/]{20,}/g];

/** @returns the lines with a secret */
export function leaksIn(lines: readonly string[]): string[] {
  const phrases = [...seen].filter((secret) => !/^[\w.~+/-]+$/.test(secret));
  return lines.filter(
    (line) =>
      TOKENS.test(line) ||
      phrases.some((phrase) => line.includes(phrase)) ||
      WORDS.some((words) => line.match(words)?.some((word) => seen.has(word.replace(/\.$/, '')))),
  );
}
