import { describe, expect, it } from '@jest/globals';
import { parseResources } from './resource.js';

describe('resource indicators', () => {
  it.each([
    'https://api.example.com',
    'https://api.example.com/v1?x=y',
    'http://api.internal:8080/',
    'urn:example:api',
    'api://5d1c',
  ])('[249] a resource is an absolute URI: %s', (uri) => {
    expect(parseResources([uri])).toEqual([uri]);
  });

  it.each([
    'foo',
    '/foo',
    '//api.example.com',
    '',
    'https:',
    'https://',
    'https://api.example.com/#f',
    'https://api.example.com/#',
    'urn:x#f',
    'https://api.example.com/a b',
    'https://api.example.com/\n',
    ' https://api.example.com',
    'https://api.example.com/%zz',
    'https://api.example.com/\0',
    'https://api.example.com/é',
    'https://api.example.com\\x',
    '1a:b',
    `https://api.example.com/${'x'.repeat(500)}`,
  ])('[249] other texts are not resources: %j', (text) => {
    expect(parseResources([text])).toBeUndefined();
    expect(parseResources(['https://api.example.com', text])).toBeUndefined();
  });

  it('[249] several resources are a set', () => {
    expect(parseResources(['https://a.test', 'https://b.test', 'https://a.test'])).toEqual([
      'https://a.test',
      'https://b.test',
    ]);
  });

  it('resources are compared exactly', () => {
    expect(parseResources(['https://a.test', 'https://a.test/', 'https://A.test'])).toHaveLength(3);
  });

  it('there may be ten resources at most', () => {
    const uris = (count: number) => Array.from({ length: count }, (_, index) => `https://${index}.test`);
    expect(parseResources(uris(10))).toHaveLength(10);
    expect(parseResources(uris(11))).toBeUndefined();
  });

  it('there may be no resources', () => {
    expect(parseResources([])).toEqual([]);
  });
});
