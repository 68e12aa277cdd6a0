import type { Logger } from '@nestjs/common';
import { expect, it } from '@jest/globals';
import { QueryFailedError } from 'typeorm';
import { OAuthError } from '../../oauth/oauth-error.js';
import { logError } from './log-error.js';

function logged(error: Error): Record<string, unknown> {
  const lines: Record<string, unknown>[] = [];
  logError({ error: (line: Record<string, unknown>) => lines.push(line) } as unknown as Logger, error, 'correlation');
  expect(lines).toHaveLength(1);
  return lines[0]!;
}

it('a database error is logged by its code, without statement, parameters or row', () => {
  const cause = Object.assign(new Error('value "canary"'), { code: '22P02', detail: 'canary', where: 'canary' });
  const error = new QueryFailedError('SELECT canary', ['canary'], cause);
  const line = logged(new OAuthError('server_error', { cause: error }));
  expect(line).toMatchObject({ correlation_id: 'correlation', code: '22P02' });
  expect(JSON.stringify(line)).not.toContain('canary');
});

it('a programming error is logged in full', () => {
  const line = logged(new OAuthError('server_error', { cause: new TypeError('x is not a function') }));
  expect(line).toMatchObject({ error: 'TypeError', message: 'x is not a function', reason: 'server_error' });
  expect(line.stack).toContain('log-error.spec');
});
