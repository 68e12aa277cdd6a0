import type { IncomingMessage } from 'node:http';

/** How many lines of a request have this header: `headers` keeps one, and a proxy in front may have read another. */
export function headerLines({ rawHeaders }: Pick<IncomingMessage, 'rawHeaders'>, name: string): number {
  return rawHeaders.filter((line, index) => index % 2 === 0 && line.toLowerCase() === name).length;
}
