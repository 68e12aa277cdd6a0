import { expect, it } from '@jest/globals';
import { ConfigError, loadConfig } from './load-config.js';
import { settings } from './settings.js';
import { unknownVariables } from './unknown-variables.js';

it.each([
  ['REKEY_ISUER', 'REKEY_ISSUER', true],
  ['REKEY_AUDIT_RETENTION_DAY', 'REKEY_AUDIT_RETENTION_DAYS', true],
  ['REKEY_LOGLEVEL', 'REKEY_LOG_LEVEL', true],
  ['REKEY_CLIENT_SECRET', 'REKEY_ADMIN_CLIENT_SECRET', false],
  ['REKEY_DATABASE_POOL_SIZE', 'REKEY_DATABASE_POOL', false],
])('%s is reported with %s; misspelt: %s', (name, nearest, isMisspelt) => {
  expect(unknownVariables({ [name]: 'x' })).toEqual([{ name, nearest, isMisspelt }]);
});

it('known settings, and variables of other programs, are not reported', () => {
  const known = Object.values(settings).map(({ name }) => name);
  const others = [
    'PATH',
    'REKEY_URL',
    'REKEY_TLS_DIR',
    'REKEY_PORT',
    'REKEY_PORT_3000_TCP_ADDR',
    'REKEY_SERVICE_HOST',
    'REKEY_SERVICE_PORT_HTTP',
    'REKEY_REDIS_MASTER_SERVICE_PORT',
    'REKEY_REDIS_PORT_6379_TCP',
  ];
  expect(unknownVariables(Object.fromEntries([...known, ...others].map((name) => [name, 'x'])))).toEqual([]);
});

it('a misspelt setting stops the start without its value; other variables do not', () => {
  expect(() => loadConfig({ REKEY_SECRETT: 'canary' })).toThrow(
    new ConfigError(['REKEY_SECRETT is not a setting. Did you mean REKEY_SECRET?']),
  );
  expect(loadConfig({ REKEY_SOMETHING_ELSE: 'x' }).port).toBe(3000);
});
