import { isIPv6 } from 'node:net';

/** One source is an IPv4 address, or the /64 network that one IPv6 customer gets. */
export function sourceKey(address: string): string {
  if (!isIPv6(address)) return address;
  const groups = groupsOf(address.split('%')[0]!);
  if (groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff) return ipv4Of(groups[6]!, groups[7]!);
  return `${groups
    .slice(0, 4)
    .map((group) => group.toString(16))
    .join(':')}::/64`;
}

/** The network of an address, for records that must not single out a person: /24 of IPv4, /48 of IPv6. */
export const truncatedAddress = (address: string): string =>
  sourceKey(address)
    .replace(/\.\d+$/, '.0/24')
    .replace(/^([^:]*:[^:]*:[^:]*):.*$/, '$1::/48');

/** The eight groups of an address in any of its spellings (RFC 4291 §2.2). */
function groupsOf(address: string): number[] {
  const [head, tail] = withoutDots(address).split('::').map(groupsIn);
  if (!tail) return head!;
  return [...head!, ...new Array<number>(8 - head!.length - tail.length).fill(0), ...tail];
}

/** The last two groups may be written as an IPv4 address. */
const withoutDots = (address: string): string =>
  address.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_, a: string, b: string, c: string, d: string) =>
    [Number(a) * 256 + Number(b), Number(c) * 256 + Number(d)].map((group) => group.toString(16)).join(':'),
  );

const groupsIn = (text: string): number[] => (text === '' ? [] : text.split(':').map((group) => parseInt(group, 16)));

const ipv4Of = (high: number, low: number): string => [high >> 8, high & 255, low >> 8, low & 255].join('.');
