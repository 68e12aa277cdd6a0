import 'reflect-metadata';
import { expect, it } from '@jest/globals';
import { IsNotEmpty, IsOptional, IsString, MaxLength } from 'class-validator';
import { Form } from './form.js';
import { OAuthError } from './oauth-error.js';
import { validateRequest } from './validate-request.js';

class Request {
  @IsString()
  @IsNotEmpty()
  @MaxLength(5)
  needed: string;

  @IsOptional()
  @IsString()
  optional?: string;
}

const read = (body: string): Request => validateRequest(Request, Form.parse(body));

function refusal(body: string): OAuthError {
  try {
    read(body);
  } catch (error) {
    return error as OAuthError;
  }
  throw new Error('It was accepted.');
}

it('the declared parameters are read, and no others', () => {
  const request = read('needed=a&optional=b&isAdmin=true&__proto__=x');
  expect({ ...request }).toEqual({ needed: 'a', optional: 'b' });
  expect(request).toBeInstanceOf(Request);
  expect(({} as Record<string, unknown>).isAdmin).toBeUndefined();
});

it('[10] parameters without a value are left out', () => {
  expect({ ...read('needed=a&optional=') }).toEqual({ needed: 'a' });
});

it.each(['', 'needed=', 'needed', 'needed=abcdef', 'optional=a'])(
  '[11] the error names the invalid parameter and not its value: %j',
  (body) => {
    const error = refusal(body);
    expect(error).toMatchObject({ code: 'invalid_request', status: 400, reason: 'bad_needed' });
    expect(error.description).toBe('The parameter needed is missing or malformed.');
    expect(JSON.stringify(error)).not.toContain('abcdef');
  },
);
