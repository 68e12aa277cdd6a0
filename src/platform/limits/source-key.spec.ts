import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { sourceKey, truncatedAddress } from './source-key.js';

/** The eight groups of an address, as the WHATWG URL parser reads them. */
function groupsOf(address: string): number[] {
  const canonical = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const [head = '', tail] = canonical.split('::');
  const before = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? 0 : 8 - before.length - after.length;
  return [...before, ...new Array<string>(zeros).fill('0'), ...after].map((group) => parseInt(group, 16));
}

describe('a source', () => {
  it('an IPv4 source is its address', () => {
    expect(sourceKey('192.0.2.1')).toBe('192.0.2.1');
    expect(sourceKey('192.0.2.1')).not.toBe(sourceKey('192.0.2.2'));
  });

  it('an IPv4-mapped address is the same source as the IPv4 address', () => {
    expect(sourceKey('::ffff:192.0.2.1')).toBe('192.0.2.1');
    expect(sourceKey('::FFFF:192.0.2.1')).toBe('192.0.2.1');
    expect(sourceKey('::ffff:c000:201')).toBe('192.0.2.1');
    expect(sourceKey('::ffff:192.0.2.1')).not.toBe(sourceKey('::ffff:192.0.2.2'));
  });

  it.each([
    ['2001:db8:1:2::1', '2001:db8:1:2:ffff:ffff:ffff:ffff', true],
    ['2001:db8:1:2::1', '2001:0DB8:0001:0002:0:0:0:1', true],
    ['2001:db8::1', '2001:db8:0:0:1::', true],
    ['2001:db8:1:2::1', '2001:db8:1:3::1', false],
    ['2001:db8:1:2::1', '2001:db8:2:2::1', false],
    ['::1', '::2', true],
    ['::1', '1::', false],
    ['fe80::1%eth0', 'fe80::2%eth1', true],
    ['64:ff9b::192.0.2.1', '64:ff9b::192.0.2.2', true],
    ['1:2:3:4:5:6:192.0.2.1', '1:2:3:4::', true],
    ['::1:2:3:4:5:192.0.2.1', '0:1:2:3:9::', true],
  ])('[61] %s and %s are in one /64 network: %s', (one, other, same) => {
    expect(sourceKey(one) === sourceKey(other)).toBe(same);
  });

  it('[61] an IPv6 source is the first 64 bits of the address, in any spelling', () => {
    const isMapped = (groups: number[]) => groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff;
    const plain = fc.ipV6().filter((address) => !isMapped(groupsOf(address)));
    const written = (groups: number[]) =>
      groups.map((group) => group.toString(16).padStart(4, '0').toUpperCase()).join(':');
    fc.assert(
      fc.property(plain, plain, (one, other) => {
        const network = (address: string) => groupsOf(address).slice(0, 4).join();
        expect(sourceKey(one) === sourceKey(other)).toBe(network(one) === network(other));
        expect(sourceKey(one)).toBe(sourceKey(written(groupsOf(one))));
      }),
    );
  });

  it('a source that is not an address stays unchanged', () => {
    fc.assert(fc.property(fc.string(), (text) => expect(typeof sourceKey(text)).toBe('string')));
    expect(sourceKey('unknown')).toBe('unknown');
  });
});

it.each([
  ['192.0.2.77', '192.0.2.0/24'],
  ['::ffff:192.0.2.77', '192.0.2.0/24'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1::/48'],
  ['::1', '0:0:0::/48'],
])('the truncated address of %s is its network %s', (address, network) => {
  expect(truncatedAddress(address)).toBe(network);
});
