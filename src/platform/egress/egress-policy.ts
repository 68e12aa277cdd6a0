/**
 * Which addresses this service may connect to for requests whose destination comes from outside: from clients and upstream
 * providers.
 */
import { BlockList, isIP, isIPv6 } from 'node:net';

export type Refusal = 'loopback' | 'private' | 'link_local' | 'metadata' | 'special_purpose';

type Where = 'everywhere' | 'in production';

/**
 * The first that matches gives the reason. Outside production, clients and providers run on the developer's machine and network.
 */
const TABLE: readonly (readonly [Refusal, Where, BlockList])[] = [
  [
    'metadata',
    'everywhere',
    blockList(['169.254.169.254/32', '168.63.129.16/32', '100.100.100.200/32', 'fd00:ec2::254/128']),
  ],
  ['link_local', 'everywhere', blockList(['169.254.0.0/16', 'fe80::/10'])],
  ['loopback', 'in production', blockList(['127.0.0.0/8', '::1/128'])],
  ['private', 'in production', blockList(['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7'])],
];

/** IANA's registries of special-purpose addresses: not reachable, shared, translated, or for many receivers. */
const SPECIAL = blockList([
  ...['0.0.0.0/8', '100.64.0.0/10', '192.0.0.0/24', '192.0.2.0/24', '192.88.99.0/24', '198.18.0.0/15'],
  ...['198.51.100.0/24', '203.0.113.0/24', '224.0.0.0/4', '240.0.0.0/4'],
  ...['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20'],
]);

/** RFC 4291 §2.4. All else in IPv6 is local, multicast, or another address in disguise: IPv4-mapped, NAT64. */
const GLOBAL_UNICAST = blockList(['2000::/3']);

export class EgressPolicy {
  private readonly allowed: BlockList;
  private readonly allowedHosts: ReadonlySet<string>;

  /** @param allow networks and host names that are allowed whatever their addresses */
  constructor(
    private readonly production: boolean,
    allow: readonly string[] = [],
  ) {
    const isNetwork = (item: string) => isIP(item.split('/')[0]!) !== 0;
    this.allowed = blockList(allow.filter(isNetwork));
    this.allowedHosts = new Set(allow.filter((item) => !isNetwork(item)).map(normal));
  }

  allowsHost(host: string): boolean {
    return this.allowedHosts.has(normal(host));
  }

  /** @returns why no connection to the address may be made; undefined if it may */
  refusalOf(address: string): Refusal | undefined {
    const bare = address.replace(/%.*$/, '');
    if (has(this.allowed, bare)) return undefined;
    const [reason, where] = TABLE.find(([, , networks]) => has(networks, bare)) ?? [];
    if (reason !== undefined) return where === 'everywhere' || this.production ? reason : undefined;
    const isUsable = !has(SPECIAL, bare) && (!isIPv6(bare) || has(GLOBAL_UNICAST, bare));
    return isUsable ? undefined : 'special_purpose';
  }

  /** For a host as it stands in a URL. A name is judged by its addresses when it is connected to. */
  refusalOfLiteral(hostname: string): Refusal | undefined {
    const host = normal(hostname);
    if (this.allowsHost(host)) return undefined;
    if (/(^|\.)localhost$/.test(host)) return this.refusalOf('127.0.0.1');
    return isIP(host) === 0 ? undefined : this.refusalOf(host);
  }
}

/** Without the brackets of a literal in a URL and the dot of the root. */
const normal = (host: string): string =>
  host
    .toLowerCase()
    .replace(/^\[(.*)\]$/, '$1')
    .replace(/\.$/, '');

const has = (networks: BlockList, address: string): boolean => networks.check(address, family(address));

function family(address: string): 'ipv4' | 'ipv6' {
  return isIPv6(address) ? 'ipv6' : 'ipv4';
}

function blockList(networks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const network of networks) {
    const [address, bits] = network.split('/') as [string, string?];
    if (bits === undefined) list.addAddress(address, family(address));
    else list.addSubnet(address, Number(bits), family(address));
  }
  return list;
}
