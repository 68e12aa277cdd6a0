import { Writable } from 'node:stream';
import { expect, it } from '@jest/globals';
import { pino } from 'pino';
import { NestLogger } from './logger.js';

function linesOf(log: (logger: NestLogger) => void): Record<string, unknown>[] {
  const lines: Record<string, unknown>[] = [];
  const sink = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      lines.push(JSON.parse(chunk.toString()) as Record<string, unknown>);
      done();
    },
  });
  log(new NestLogger(pino({ level: 'trace' }, sink)));
  return lines;
}

it('a message of Nest is one line with its context', () => {
  const [line] = linesOf((logger) => logger.warn('a\r\nb', 'Context'));
  expect(line).toMatchObject({ msg: 'a\r\nb', context: 'Context', level: 40 });
});

it.each([
  'authorization',
  'cookie',
  'client_secret',
  'secret',
  'password',
  'token',
  'access_token',
  'refresh_token',
  'client_assertion',
  'parameters',
  'query',
])('[297] %s is redacted in objects that libraries log', (field) => {
  const lines = linesOf((logger) => {
    logger.error({ msg: 'x', [field]: 'canary' });
    logger.error({ msg: 'x', request: { [field]: 'canary' } }, 'stack', 'Context');
    logger.log({ msg: 'x', headers: { [field]: ['canary'] } });
  });
  expect(lines).toHaveLength(3);
  expect(JSON.stringify(lines)).not.toContain('canary');
});
