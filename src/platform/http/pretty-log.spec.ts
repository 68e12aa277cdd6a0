import { describe, expect, it } from '@jest/globals';
import { prettyLine } from './pretty-log.js';

// eslint-disable-next-line no-control-regex -- the colours
const plain = (line: string): string => line.replace(/\x1b\[\d+m/g, '');
const lineOf = (fields: object): string =>
  plain(prettyLine(`${JSON.stringify({ level: 'info', time: '2030-01-02T03:04:05.678Z', ...fields })}\n`));

describe('a log line at a terminal', () => {
  it('says of a request when, what, and how it went', () => {
    const request = {
      correlation_id: 'c-1',
      method: 'POST',
      route: '/token',
      status: 400,
      ms: 1.5,
      source: '::1',
      result: 'unknown',
      msg: 'request',
    };
    expect(lineOf(request)).toBe('03:04:05 info  POST /token 400 1.5 ms source=::1 result=unknown c-1\n');
  });

  it('says of anything else its message and its fields', () => {
    expect(lineOf({ level: 'warn', msg: 'PostgreSQL is away', context: 'Database', tries: 3, hint: 'a b' })).toBe(
      '03:04:05 warn  PostgreSQL is away context=Database tries=3 hint="a b"\n',
    );
  });

  it('has a stack below it', () => {
    expect(lineOf({ level: 'error', msg: 'x', stack: 'Error: x\n    at y' })).toBe(
      '03:04:05 error x\nError: x\n    at y\n',
    );
  });

  it.each(['\x1b[2J', '\x07', '\r', '\x9b31m', '\u202e', '\x7f'])(
    'gives no control character to the terminal: %j',
    (evil) => {
      const line = lineOf({ msg: evil, name: evil, list: [evil], [evil]: evil, stack: evil });
      // eslint-disable-next-line no-control-regex -- these are the point
      expect(line).not.toMatch(/[\0-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]/);
      expect(plain(prettyLine(evil))).not.toContain(evil);
    },
  );

  it('is one line, whatever a message has in it', () => {
    expect(lineOf({ msg: 'a\nb', name: 'c\nd' }).match(/\n/g)).toHaveLength(1);
  });

  it('is left as it is where it is no JSON', () => {
    expect(prettyLine('plain\n')).toBe('plain\n');
    expect(prettyLine('"text"\n')).toBe('"text"\n');
  });
});
