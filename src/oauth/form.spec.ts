import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { decodeFormText, Form } from './form.js';
import { OAuthError } from './oauth-error.js';

const reasonOf = (body: string): string | undefined => {
  try {
    Form.parse(body);
    return undefined;
  } catch (error) {
    expect(error).toBeInstanceOf(OAuthError);
    expect((error as OAuthError).code).toBe('invalid_request');
    return (error as OAuthError).reason;
  }
};

describe('a form', () => {
  it('a form is parsed into its parameters', () => {
    const form = Form.parse('grant_type=refresh_token&scope=a+b%20c&x=%C3%BC');
    expect([form.get('grant_type'), form.get('scope'), form.get('x')]).toEqual(['refresh_token', 'a b c', 'ü']);
  });

  it('[10] a parameter without a value counts as omitted', () => {
    const form = Form.parse('a=&b&&c=x');
    expect([form.get('a'), form.get('b'), form.get('c'), form.get('d')]).toEqual([
      undefined,
      undefined,
      'x',
      undefined,
    ]);
  });

  it('everything after the first equals sign is the value', () => {
    expect(Form.parse('a=b=c==').get('a')).toBe('b=c==');
  });

  it.each(['a=1&a=1', 'a=1&a', 'a&a', 'a=&a=', 'a=1&%61=2', 'a+b=1&a%20b=2'])(
    '[13] a repeated parameter is refused: %s',
    (body) => {
      expect(reasonOf(body)).toBe('repeated_parameter');
    },
  );

  it('[249] a form may name several resources', () => {
    const form = Form.parse('resource=a&x=1&resource=&resource=b&resource=a');
    expect(form.all('resource')).toEqual(['a', 'b', 'a']);
    expect(form.all('x')).toEqual(['1']);
    expect(form.all('y')).toEqual([]);
    expect(reasonOf('resource=a&Resource=b&Resource=c')).toBe('repeated_parameter');
  });

  it('each repetition counts among the fifty parameters', () => {
    const repeated = (count: number) => new Array<string>(count).fill('resource=a').join('&');
    expect(reasonOf(repeated(50))).toBeUndefined();
    expect(reasonOf(repeated(51))).toBe('too_many_parameters');
  });

  it('a query is parsed like a form', () => {
    expect(Form.ofTarget('/authorize?state=a+b&redirect_uri=x%3Fy').get('redirect_uri')).toBe('x?y');
    expect([...Form.ofTarget('/authorize?a=?b').entries()]).toEqual([['a', '?b']]);
    expect([...Form.ofTarget('/authorize').entries()]).toEqual([]);
    expect([...Form.ofTarget('/authorize?').entries()]).toEqual([]);
  });

  it('a form lists its parameters with a value, and encodes them again', () => {
    const form = Form.parse('b=1+2&a=&resource=x&c=%26%3D&resource=y&d');
    expect([...form.entries()]).toEqual([
      ['b', '1 2'],
      ['resource', 'x'],
      ['resource', 'y'],
      ['c', '&='],
    ]);
    expect(form.toString()).toBe('b=1+2&resource=x&resource=y&c=%26%3D');
    expect(form.without('resource', 'a').toString()).toBe('b=1+2&c=%26%3D');
    expect([...Form.parse(form.toString()).entries()]).toEqual([...form.entries()]);
    expect(Form.read('a=1&b=2&a=3').form.toString()).toBe('a=1&a=3&b=2');
  });

  it('[24] more than fifty parameters are refused, however they are encoded', () => {
    const parameters = (count: number) => Array.from({ length: count }, (_, index) => `p${index}=`).join('&');
    expect(reasonOf(parameters(50))).toBeUndefined();
    expect(reasonOf(parameters(51))).toBe('too_many_parameters');
    expect(reasonOf('&'.repeat(50))).toBe('too_many_parameters');
    expect(reasonOf(`${parameters(51)}&p0=`)).toBe('too_many_parameters');
  });

  it.each(['a=%', 'a=%z', 'a=%zz', '%=a', 'a=%ff', 'a=%c0%80', 'a=%ed%a0%80', 'a=%f5%80%80%80'])(
    '[21] invalid form-encoding or UTF-8 is refused: %s',
    (body) => {
      expect(reasonOf(body)).toBe('broken_percent_encoding');
    },
  );

  it('[17] there is no nesting and no prototype', () => {
    const form = Form.parse('a[b]=1&a[]=2&__proto__=3&constructor=4&toString=5');
    expect(form.get('a')).toBeUndefined();
    expect(form.get('a[b]')).toBe('1');
    expect(form.get('__proto__')).toBe('3');
    expect(Form.parse('').get('toString')).toBeUndefined();
    expect(({} as Record<string, unknown>)['3']).toBeUndefined();
  });

  it('a form reads what URLSearchParams writes', () => {
    const parameters = fc.dictionary(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme', minLength: 1 }), {
      maxKeys: 20,
    });
    fc.assert(
      fc.property(parameters, (values) => {
        const form = Form.parse(new URLSearchParams(values).toString());
        for (const [name, value] of Object.entries(values)) expect(form.get(name)).toBe(value);
      }),
    );
  });

  it('an accepted form is read like URLSearchParams reads it', () => {
    const body = fc.string({
      unit: fc.constantFrom('a', 'b', '=', '&', '+', '%', '%41', '%20', '%2b', '%C3%BC', '[', ']', 'ü'),
    });
    fc.assert(
      fc.property(body, (text) => {
        if (reasonOf(text) !== undefined) return;
        const form = Form.parse(text);
        for (const [name, value] of new URLSearchParams(text))
          expect(form.get(name)).toBe(value === '' ? undefined : value);
      }),
    );
  });

  it('any body is a form or an invalid_request', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (body) => void reasonOf(body)));
  });
});

it('[20] a plus is a space, and %2B is a plus', () => {
  expect(decodeFormText('a+b%20c%2Bd')).toBe('a b c+d');
});
