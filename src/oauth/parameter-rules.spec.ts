import 'reflect-metadata';
import { describe, expect, it } from '@jest/globals';
import { IsString, registerDecorator, ValidateIf, ValidateNested } from 'class-validator';
import { parameterRules } from './parameter-rules.js';

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
