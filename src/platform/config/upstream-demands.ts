/** Rules between the settings of the upstream OpenID provider. */
import type { Rule } from './setting.js';
import { settings, type RawConfig } from './settings.js';

/** Not `localhost`, which may resolve to another address. */
const LOOPBACK_HOSTS = ['127.0.0.1', '[::1]'];

export function upstreamDemands(raw: RawConfig): Rule[] {
  const { upstreamIssuer, upstreamClientId, upstreamClientSecret, upstreamName, upstreamScope } = settings;
  const together = [upstreamIssuer, upstreamClientId, upstreamClientSecret];
  const named = [raw.upstreamIssuer, raw.upstreamClientId, raw.upstreamClientSecret];
  const isHalf = named.some(Boolean) && !named.every(Boolean);
  return [
    ...together.map((setting, index): Rule => {
      const others = together.filter((other) => other !== setting).map(({ name }) => name);
      return [[setting, ...together], isHalf && !named[index], `is required with ${others.join(' and ')}`];
    }),
    [
      [upstreamIssuer],
      !!raw.upstreamIssuer && !isIssuer(raw.upstreamIssuer),
      'must be a URL without user, query and fragment',
    ],
    [
      [upstreamIssuer],
      !!raw.upstreamIssuer && !mayBeAsked(raw.upstreamIssuer, raw.environment === 'production'),
      'must start with https://, or be at 127.0.0.1 or [::1] outside production',
    ],
    [
      [upstreamName, upstreamIssuer],
      !!raw.upstreamName && !raw.upstreamIssuer,
      `needs ${upstreamIssuer.name}: there is no button without it`,
    ],
    [[upstreamScope], !raw.upstreamScope.split(' ').includes('openid'), 'must have openid in it, separated by spaces'],
  ];
}

function isIssuer(issuer: string): boolean {
  const { username, password, search, hash } = new URL(issuer);
  return username === '' && password === '' && search === '' && hash === '' && !/[?#]/.test(issuer);
}

/** The provider gets the client secret and decides who the user is, so it must be https or on this machine. */
function mayBeAsked(issuer: string, production: boolean): boolean {
  const { protocol, hostname } = new URL(issuer);
  return protocol === 'https:' || (!production && LOOPBACK_HOSTS.includes(hostname));
}
