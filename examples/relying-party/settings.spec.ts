import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from '@jest/globals';
import { settingsOf } from './settings.js';

const directory = mkdtempSync(join(tmpdir(), 'demo-web-'));
const nowhere = join(directory, 'nowhere');
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const given = { ISSUER: 'https://id.example.com', CLIENT_ID: 'shop', CLIENT_SECRET: 'secret', REKEY_DATA_DIR: nowhere };

it('takes its settings from the environment', () => {
  const expected = { issuer: 'https://id.example.com', clientId: 'shop', clientSecret: 'secret', port: 3001 };
  expect(settingsOf(given)).toEqual(expected);
  expect(settingsOf({ ...given, PORT: '4000' })).toEqual({ ...expected, port: 4000 });
});

it('takes what is not set there from the file of an embedded service', () => {
  writeFileSync(
    join(directory, 'credentials.env'),
    '# made up\nISSUER=http://127.0.0.1:3000\nWEB_ID=web\nWEB_SECRET=s\n',
  );
  const kept = { REKEY_DATA_DIR: directory };
  expect(settingsOf(kept)).toMatchObject({ issuer: 'http://127.0.0.1:3000', clientId: 'web', clientSecret: 's' });
  expect(settingsOf({ ...kept, CLIENT_ID: 'shop' })).toMatchObject({ clientId: 'shop', clientSecret: 's' });
});

it.each(['ISSUER', 'CLIENT_ID', 'CLIENT_SECRET'])('says that %s is missing', (name) => {
  expect(() => settingsOf({ ...given, [name]: '' })).toThrow(name);
});

it.each(['0', '65536', 'http', '3.5'])('does not listen on %s', (PORT) => {
  expect(() => settingsOf({ ...given, PORT })).toThrow('PORT');
});
