/** A log line for people at a terminal, made from the JSON line. */

const COLOURS: Readonly<Record<string, number>> = { fatal: 31, error: 31, warn: 33, info: 32, debug: 90, trace: 90 };

/** A terminal obeys control characters, and a log line may contain a caller's text. Line breaks are left to the caller. */
// eslint-disable-next-line no-control-regex -- these are the point
const CONTROL = /[\0-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

const PLAIN = /^[\w.:/@%+-]+$/;

/** @param json one line of the log @returns the same for people; what is not JSON comes back without control characters */
export function prettyLine(json: string): string {
  const fields = parsed(json);
  if (!fields) return `${visible(json.trimEnd())}\n`;
  const { level, time, msg, stack, method, route, status, ms, correlation_id: id, ...rest } = fields;
  const name = textOf(level);
  const head = `${textOf(time).slice(11, 19)} ${coloured(name.padEnd(5), COLOURS[name] ?? 0)}`;
  const what =
    method === undefined ? textOf(msg) : `${textOf(method)} ${textOf(route)} ${textOf(status)} ${textOf(ms)} ms`;
  const details = Object.entries(rest).map(([key, value]) => `${visible(key)}=${detailOf(value)}`);
  const line = [head, visible(what).replaceAll('\n', ' '), ...details, ...(id === undefined ? [] : [detailOf(id)])];
  return `${line.join(' ')}\n${stack === undefined ? '' : `${visible(textOf(stack))}\n`}`;
}

function parsed(json: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : (JSON.stringify(value) ?? ''));

function detailOf(value: unknown): string {
  const text = textOf(value);
  return PLAIN.test(text) || typeof value === 'object' ? visible(text) : visible(JSON.stringify(text));
}

const visible = (text: string): string =>
  text.replace(CONTROL, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);

const coloured = (text: string, colour: number): string => `\x1b[${colour}m${text}\x1b[0m`;
