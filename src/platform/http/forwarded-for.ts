import { isIP } from 'node:net';

/**
 * `X-Forwarded-For` with nothing in it but addresses: ports and brackets are stripped, as some proxies send `ip:port` and
 * RFC 7239 §6 allows it. Hops are read from the nearest; at a hop that is not an address, it and all farther hops are dropped,
 * so that the last known proxy counts as the source.
 */
export function forwardedFor(header: string): string {
  const hops = header.split(',').map(addressOf);
  const unknown = hops.findLastIndex((hop) => hop === undefined);
  return hops.slice(unknown + 1).join(', ');
}

function addressOf(hop: string): string | undefined {
  const text = hop.trim();
  const bare = /^\[([^\]]*)\](?::\d{1,5})?$/.exec(text)?.[1] ?? /^([\d.]+):\d{1,5}$/.exec(text)?.[1] ?? text;
  return isIP(bare) === 0 ? undefined : bare;
}
