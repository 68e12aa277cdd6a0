/** What a stranger has sent, as log and audit may have it: short, in one line, and without the parts that can hold secrets. */
import { isAbsoluteUri } from './uri.js';

const MAX_CHARACTERS = 200;

/** As long as a token, code or secret of ours, wherever a client has put it by mistake. */
const SECRET = /[\w-]{40,}/g;

const MAX_SCOPE_TOKENS = 5;

/** Without user, query, fragment and what could be a secret, otherwise to the letter. */
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
