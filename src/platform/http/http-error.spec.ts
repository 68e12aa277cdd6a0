import { BadRequestException, HttpException, NotFoundException, UnauthorizedException } from '@nestjs/common';
import { describe, expect, it } from '@jest/globals';
import { QueryFailedError } from 'typeorm';
import { OAuthError } from '../../oauth/oauth-error.js';
import { ofDatabase } from '../database/database-pool.js';
import { toOAuthError } from './http-error.js';

const coded = (code: string, message = 'x'): Error => Object.assign(new Error(message), { code });
const withStatus = (statusCode: unknown): Error => Object.assign(new Error('x'), { statusCode });

describe('a thrown value', () => {
  it.each<[string, unknown, number, string]>([
    ['a Nest 404', new NotFoundException('secret'), 404, 'not_found'],
    ['a Nest 400', new BadRequestException('secret'), 400, 'invalid_request'],
    ['a Nest 401', new UnauthorizedException(), 401, 'invalid_token'],
    ['a Nest 418', new HttpException('secret', 418), 418, 'invalid_request'],
    ['a Nest 502', new HttpException('secret', 502), 500, 'server_error'],
    ['a Nest 503', new HttpException('secret', 503), 503, 'temporarily_unavailable'],
    ['a body that is too large', withStatus(413), 413, 'request_too_large'],
    ['an unsupported media type', withStatus(415), 400, 'invalid_request'],
    ['another limiter', withStatus(429), 429, 'too_many_requests'],
    ['an error that claims success', withStatus(200), 500, 'server_error'],
    ['an error with an invalid status', withStatus('400; drop'), 500, 'server_error'],
    ['a connection that the database refused', ofDatabase(coded('ECONNREFUSED')), 503, 'temporarily_unavailable'],
    ['a database that shuts down', ofDatabase(coded('57P01')), 503, 'temporarily_unavailable'],
    ...['25006', '28P01', '3D000', '42501', '55000'].map((code): [string, unknown, number, string] => [
      `a database that cannot serve (${code})`,
      ofDatabase(coded(code)),
      503,
      'temporarily_unavailable',
    ]),
    ['a deadlock that would not end', ofDatabase(coded('40P01')), 503, 'temporarily_unavailable'],
    ['a serialization failure that would not end', ofDatabase(coded('40001')), 503, 'temporarily_unavailable'],
    [
      'TypeORM around a driver error',
      new QueryFailedError('SELECT 1', [], coded('08006')),
      503,
      'temporarily_unavailable',
    ],
    ['a wrong statement', ofDatabase(coded('42601')), 500, 'server_error'],
    [
      'a caller that hung up',
      Object.assign(coded('ECONNRESET', 'aborted'), { statusCode: 400 }),
      400,
      'invalid_request',
    ],
    ['a refused connection to another server', coded('ECONNREFUSED'), 500, 'server_error'],
    ['a missing file', coded('ENOENT'), 500, 'server_error'],
    ['a mistake', new TypeError('secret'), 500, 'server_error'],
    ['a string', 'secret', 500, 'server_error'],
    ['undefined', undefined, 500, 'server_error'],
    ['null', null, 500, 'server_error'],
    ['a number', 404, 500, 'server_error'],
  ])('[85][90] anything thrown becomes an OAuth error: %s', (_, thrown, status, code) => {
    const error = toOAuthError(thrown);
    expect(error).toBeInstanceOf(OAuthError);
    expect({ status: error.status, code: error.code }).toEqual({ status, code });
    expect(JSON.stringify(error)).not.toContain('secret');
    if (status === 503 || status === 429) expect(error.headers['Retry-After']).toMatch(/^\d+$/);
  });

  it('an OAuth error stays unchanged', () => {
    const error = OAuthError.invalidGrant('reuse');
    expect(toOAuthError(error)).toBe(error);
  });
});
