/** Where a request came from, for a request in its name. */
import type { IncomingHttpHeaders } from 'node:http';

/** Where the browser's request came from, so that a request in its name is logged, limited and audited as coming from there. */
export interface Caller {
  readonly remoteAddress: string;
  /** Those by which proxies say where a request came from, and its user agent. */
  readonly headers: Readonly<Record<string, string>>;
}

const HEADERS = ['host', 'user-agent', 'x-forwarded-for', 'x-forwarded-proto', 'x-forwarded-host'];

export function callerOf({
  headers,
  raw,
}: {
  headers: IncomingHttpHeaders;
  raw: { readonly socket: { readonly remoteAddress?: string | undefined } };
}): Caller {
  const passed = HEADERS.flatMap((name) => (typeof headers[name] === 'string' ? [[name, headers[name]]] : []));
  return {
    remoteAddress: raw.socket.remoteAddress ?? '127.0.0.1',
    headers: Object.fromEntries(passed) as Record<string, string>,
  };
}
