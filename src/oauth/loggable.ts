/** Makes untrusted input safe for the log and the audit log: short, in one line, and without parts that may contain secrets. */
import { isAbsoluteUri } from './uri.js';

const MAX_CHARACTERS = 200;

/** As long as our tokens, codes and secrets, which a client may have sent in the wrong place. */
const SECRET = /[\w-]{40,}/g;

const MAX_SCOPE_TOKENS = 5;

/** Drops user, query, fragment and possible secrets; keeps the rest unchanged. */
export function loggableUri(uri: string): string {
  if (!isAbsoluteUri(uri)) return `(no URI, ${uri.length} characters)`;
  const bare = uri.replace(/[?#].*$/s, (rest) => `${rest[0]}…`).replace(/\/\/[^/]*@/, '//…@');
  return cut(withoutSecrets(bare), MAX_CHARACTERS);
}

export function loggableScope(tokens: readonly string[]): string {
  const named = tokens.slice(0, MAX_SCOPE_TOKENS).map((token) => cut(withoutSecrets(token), MAX_CHARACTERS));
  return tokens.length > MAX_SCOPE_TOKENS ? `${named.join(' ')} …` : named.join(' ');
}

const withoutSecrets = (text: string): string => text.replace(SECRET, (run) => `(${run.length} characters)`);

const cut = (text: string, max: number): string => (text.length <= max ? text : `${text.slice(0, max)}…`);
