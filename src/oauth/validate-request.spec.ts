import 'reflect-metadata';
import { describe, expect, it } from '@jest/globals';
import {
  IsNotEmpty,
  IsOptional,
  IsString,
  MaxLength,
  registerDecorator,
  ValidateIf,
  ValidateNested,
} from 'class-validator';
import { Form } from './form.js';
import { OAuthError } from './oauth-error.js';
import { parameterRules, validateRequest } from './validate-request.js';

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

describe('the compiled rules of a request class', () => {
  it('the rules of a request class are compiled once', () => {
    class Plain {
      @IsString()
      one: string;
    }
    expect(parameterRules(Plain)).toBe(parameterRules(Plain));
    expect(parameterRules(Plain).map(({ name }) => name)).toEqual(['one']);
  });

  it('a rule applies only if all conditions of the parameter are met', () => {
    class Conditional {
      @ValidateIf(({ kind }: { kind?: string }) => kind === 'strict')
      @ValidateIf((_, value) => value !== 'exempt')
      @IsString()
      one?: string;
    }
    const [one] = parameterRules(Conditional);
    expect(one!.hold({})).toBe(true);
    expect(one!.hold({ kind: 'strict' })).toBe(false);
    expect(one!.hold({ kind: 'strict', one: 'a' })).toBe(true);
  });

  it('decorators of objects and lists, and asynchronous ones, are refused', () => {
    class Nested {
      @ValidateNested()
      one: object;
    }
    class List {
      @IsString({ each: true })
      one: string[];
    }
    class Later {
      one: string;
    }
    const validator = { validate: () => Promise.resolve(true) };
    registerDecorator({ name: 'later', target: Later, propertyName: 'one', async: true, validator });
    expect(() => parameterRules(Nested)).toThrow('nestedValidation of Nested.one is not supported');
    expect(() => parameterRules(List)).toThrow('isString of List.one is not supported');
    expect(() => parameterRules(Later)).toThrow('later of Later.one is not supported');
  });
});
