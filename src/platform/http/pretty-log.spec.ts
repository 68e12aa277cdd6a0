import { describe, expect, it } from '@jest/globals';
import { prettyLine } from './pretty-log.js';

// eslint-disable-next-line no-control-regex -- the colours
const plain = (line: string): string => line.replace(/\x1b\[\d+m/g, '');
const lineOf = (fields: object): string =>
  plain(prettyLine(`${JSON.stringify({ level: 'info', time: '2030-01-02T03:04:05.678Z', ...fields })}\n`));

describe('a log line at a terminal', () => {
  it('the line of a request has its time, route and outcome', () => {
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

  it('any other line has its message and its fields', () => {
    expect(lineOf({ level: 'warn', msg: 'PostgreSQL is away', context: 'Database', tries: 3, hint: 'a b' })).toBe(
      '03:04:05 warn  PostgreSQL is away context=Database tries=3 hint="a b"\n',
    );
  });

  it('a stack is below its line', () => {
    expect(lineOf({ level: 'error', msg: 'x', stack: 'Error: x\n    at y' })).toBe(
      '03:04:05 error x\nError: x\n    at y\n',
    );
  });

  it.each(['\x1b[2J', '\x07', '\r', '\x9b31m', '\u202e', '\x7f'])(
    'no control character reaches the terminal: %j',
    (evil) => {
      const line = lineOf({ msg: evil, name: evil, list: [evil], [evil]: evil, stack: evil });
      // eslint-disable-next-line no-control-regex -- these are the point
      expect(line).not.toMatch(/[\0-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]/);
      expect(plain(prettyLine(evil))).not.toContain(evil);
    },
  );

  it('a message with line breaks is one line', () => {
    expect(lineOf({ msg: 'a\nb', name: 'c\nd' }).match(/\n/g)).toHaveLength(1);
  });

  it('a line that is not JSON stays unchanged', () => {
    expect(prettyLine('plain\n')).toBe('plain\n');
    expect(prettyLine('"text"\n')).toBe('"text"\n');
  });
});
