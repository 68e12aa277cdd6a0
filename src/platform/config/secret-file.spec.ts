import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { adminCredentials } from '../../cli/admin-credentials.js';
import { loadConfig } from './load-config.js';
import type { Setting } from './setting.js';
import { settings } from './settings.js';
import { unknownVariables } from './unknown-variables.js';

const SECRET = 'kT3vR9xW2mZ8qL5nB7cD4fG6hJ1pS0aY';
const secrets = Object.values<Setting<unknown>>(settings).filter(({ isSecret }) => isSecret);

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'rekey-secret-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function written(content: string | Buffer, name = 'secret'): string {
  const file = join(folder, name);
  writeFileSync(file, content);
  return file;
}

it('every setting that holds a secret may be read from a file', () => {
  const values: Record<string, string> = {
    REKEY_SECRET: SECRET,
    REKEY_SECRET_PREVIOUS: `${SECRET}1`,
    DATABASE_URL: 'postgres://rekey:hunter2@db/rekey',
    REDIS_URL: 'redis://:hunter3@cache',
    REKEY_ADMIN_CLIENT_SECRET: `${SECRET}2`,
    REKEY_UPSTREAM_CLIENT_SECRET: 'hunter4',
    REKEY_SMTP_URL: 'smtps://rekey:hunter5@mail',
  };
  for (const { name } of secrets) expect({ name, known: name in values }).toEqual({ name, known: true });
  const others = {
    REKEY_ADMIN_CLIENT_ID: 'admin',
    REKEY_UPSTREAM_ISSUER: 'https://login.example',
    REKEY_UPSTREAM_CLIENT_ID: 'rekey',
    REKEY_MAIL_FROM: 'rekey@id.example',
  };
  const files = Object.entries(values).map(([name, value]) => [`${name}_FILE`, written(`${value}\n`, name)] as const);
  expect(loadConfig({ ...others, ...Object.fromEntries(files) })).toEqual(loadConfig({ ...others, ...values }));
  expect(unknownVariables(Object.fromEntries(files))).toEqual([]);
});

it.each([
  ['one line break at the end is not part of the secret', `${SECRET}\r\n`, SECRET],
  ['everything before it is', ` ${SECRET} \n`, ` ${SECRET} `],
])('%s', (_, content, secret) => {
  expect(loadConfig({ REKEY_SECRET_FILE: written(content) }).secret).toBe(secret);
});

it.each([
  ['does not exist', () => join(folder, 'nothing'), /^REKEY_SECRET cannot be read from .*nothing.*: ENOENT$/],
  ['is a folder', () => folder, /^REKEY_SECRET cannot be read from .*: EISDIR$/],
  ['is empty', () => written('\n'), /^REKEY_SECRET is empty in /],
  ['is not UTF-8', () => written(Buffer.from([0xff, 0xfe])), /^REKEY_SECRET cannot be read from .*it is not UTF-8$/],
  ['holds a weak secret', () => written('canary'), /^REKEY_SECRET must have at least 32 characters/],
])('a file that %s stops the start without its content', (_, file, problem) => {
  expect(problemOf({ REKEY_SECRET_FILE: file() })).toMatch(problem);
  expect(problemOf({ REKEY_SECRET_FILE: file() })).not.toContain('canary');
});

it('a secret cannot be in the environment and in a file', () => {
  const both = { REKEY_SECRET: SECRET, REKEY_SECRET_FILE: written(SECRET) };
  expect(problemOf(both)).toBe('REKEY_SECRET and REKEY_SECRET_FILE must not both be set');
});

it('a setting without a secret has no file', () => {
  expect(problemOf({ REKEY_ISSUER_FILE: written('https://id.example') })).toBe('');
  expect(unknownVariables({ REKEY_ISSUER_FILE: 'x' })).toHaveLength(1);
});

it('the command line reads the admin client’s secret from its file', () => {
  const file = written(`${SECRET}\n`);
  const environment = { REKEY_ADMIN_CLIENT_ID: 'admin', REKEY_ADMIN_CLIENT_SECRET_FILE: file };
  expect(adminCredentials(environment)).toEqual({ clientId: 'admin', clientSecret: SECRET });
  expect(() => adminCredentials({ ...environment, REKEY_ADMIN_CLIENT_SECRET_FILE: `${file}x` })).toThrow(
    /^REKEY_ADMIN_CLIENT_SECRET cannot be read/,
  );
});

function problemOf(environment: NodeJS.ProcessEnv): string {
  try {
    loadConfig(environment);
    return '';
  } catch (error) {
    return (error as { problems: string[] }).problems.join('\n');
  }
}
