import { expect, it } from '@jest/globals';
import { canBeToldApart } from './client-identity.js';

it.each<['confidential' | 'public', string[], boolean]>([
  ['confidential', [], true],
  ['confidential', ['http://127.0.0.1/cb'], true],
  ['public', [], false],
  ['public', ['https://spa.example.com/cb'], true],
  ['public', ['https://spa.example.com/cb', 'https://other.example.com/cb'], true],
  ['public', ['https://spa.example.com/cb', 'com.example.app:/cb'], false],
  ['public', ['com.example.app:/cb'], false],
  ['public', ['http://127.0.0.1/cb'], false],
  ['public', ['http://[::1]:5000/cb'], false],
  ['public', ['http://localhost:3000/cb'], false],
  ['public', ['https://localhost:3000/cb'], false],
])('a %s client with the redirect URIs %j cannot be impersonated: %s', (type, redirectUris, expected) => {
  expect(canBeToldApart({ type, redirectUris })).toBe(expected);
});
