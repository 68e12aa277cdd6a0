import { describe, expect, it } from '@jest/globals';
import { EgressPolicy } from './egress-policy.js';

const production = new EgressPolicy(true);
const development = new EgressPolicy(false);

describe('an address', () => {
  it.each(['8.8.8.8', '172.15.255.255', '172.32.0.1', '100.63.0.1', '2606:4700::1111', '2a00:1450::1'])(
    '%s is public, and may be connected to',
    (address) => {
      expect(production.refusalOf(address)).toBeUndefined();
      expect(development.refusalOf(address)).toBeUndefined();
    },
  );

  it.each([
    ['127.0.0.1', 'loopback'],
    ['127.255.0.9', 'loopback'],
    ['::1', 'loopback'],
    ['::ffff:127.0.0.1', 'loopback'],
    ['10.0.0.1', 'private'],
    ['172.16.0.1', 'private'],
    ['172.31.255.255', 'private'],
    ['192.168.1.1', 'private'],
    ['::ffff:10.0.0.1', 'private'],
    ['::ffff:c0a8:101', 'private'],
    ['fc00::1', 'private'],
    ['fdff::1', 'private'],
  ])('%s is %s, and refused in production only', (address, reason) => {
    expect(production.refusalOf(address)).toBe(reason);
    expect(development.refusalOf(address)).toBeUndefined();
  });

  it.each([
    ['169.254.169.254', 'metadata'],
    ['::ffff:169.254.169.254', 'metadata'],
    ['168.63.129.16', 'metadata'],
    ['100.100.100.200', 'metadata'],
    ['fd00:ec2::254', 'metadata'],
    ['169.254.1.1', 'link_local'],
    ['fe80::1', 'link_local'],
    ['fe80::1%eth0', 'link_local'],
    ['0.0.0.0', 'special_purpose'],
    ['0.1.2.3', 'special_purpose'],
    ['100.64.0.1', 'special_purpose'],
    ['192.0.2.1', 'special_purpose'],
    ['198.18.0.1', 'special_purpose'],
    ['224.0.0.1', 'special_purpose'],
    ['255.255.255.255', 'special_purpose'],
    ['::', 'special_purpose'],
    ['::7f00:1', 'special_purpose'],
    ['::ffff:8.8.8.8', 'special_purpose'],
    ['64:ff9b::7f00:1', 'special_purpose'],
    ['64:ff9b:1::a00:1', 'special_purpose'],
    ['2002:7f00:1::', 'special_purpose'],
    ['2001:0:4136::1', 'special_purpose'],
    ['2001:db8::1', 'special_purpose'],
    ['fec0::1', 'special_purpose'],
    ['ff02::1', 'special_purpose'],
  ])('%s is %s, and refused everywhere', (address, reason) => {
    expect(production.refusalOf(address)).toBe(reason);
    expect(development.refusalOf(address)).toBe(reason);
  });
});

describe('the list of what is allowed', () => {
  const policy = new EgressPolicy(true, ['10.1.0.0/16', '127.0.0.2', 'fd12::/32', 'Shop.Internal', '64:ff9b::/96']);

  it.each(['10.1.2.3', '::ffff:10.1.2.3', '127.0.0.2', 'fd12::9', '64:ff9b::808:808'])('%s is allowed', (address) => {
    expect(policy.refusalOf(address)).toBeUndefined();
    expect(production.refusalOf(address)).toBeDefined();
  });

  it.each(['10.2.0.1', '127.0.0.1', 'fd13::9', '169.254.169.254'])('%s is still refused', (address) => {
    expect(policy.refusalOf(address)).toBeDefined();
  });

  it('a host name is allowed in each of its spellings, and no other name', () => {
    expect(['shop.internal', 'SHOP.INTERNAL.', 'shop.internal.'].every((host) => policy.allowsHost(host))).toBe(true);
    expect(['internal', 'a.shop.internal', 'shop.internal.example'].some((host) => policy.allowsHost(host))).toBe(
      false,
    );
  });
});
