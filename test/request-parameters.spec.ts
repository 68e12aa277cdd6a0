/** The compiled rules of every request class give the same results as class-validator. */
import 'reflect-metadata';
import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { getMetadataStorage, validateSync } from 'class-validator';
import fc from 'fast-check';
import { Form } from '../src/oauth/form.js';
import { OAuthError } from '../src/oauth/oauth-error.js';
import { validateRequest } from '../src/oauth/validate-request.js';

type RequestClass = new () => object;

const SOURCE = resolve(import.meta.dirname, '../src');

/** The admin API reads JSON, by Nest's own pipe. */
const files = readdirSync(SOURCE, { recursive: true, encoding: 'utf8' }).filter(
  (name) => name.endsWith('.dto.ts') && !name.startsWith('admin'),
);
const modules = await Promise.all(files.map((name) => import(join(SOURCE, name)) as Promise<object>));
const classes = modules
  .flatMap((module) => Object.values(module))
  .filter((value): value is RequestClass => typeof value === 'function');

const namesOf = (type: RequestClass): string[] => [
  ...new Set(
    getMetadataStorage()
      .getTargetValidationMetadatas(type, '', false, false)
      .map(({ propertyName }) => propertyName),
  ),
];

/** The parameter that class-validator names first, or the accepted request. */
function byClassValidator(type: RequestClass, form: Form): unknown {
  const request = new type();
  for (const name of namesOf(type)) {
    const value = form.get(name);
    if (value !== undefined) Object.assign(request, { [name]: value });
  }
  const [problem] = validateSync(request, { stopAtFirstError: true, forbidUnknownValues: true });
  return problem ? `bad_${problem.property}` : request;
}

function byCompiledRules(type: RequestClass, form: Form): unknown {
  try {
    return validateRequest(type, form);
  } catch (error) {
    if (!(error instanceof OAuthError) || error.code !== 'invalid_request') throw error;
    return error.reason;
  }
}

const lengths = [0, 1, 42, 43, 44, 128, 129, 200, 201, 255, 256, 512, 513];
const value = fc.oneof(
  fc
    .tuple(fc.constantFrom('a', '1', '~', '\0', '\n', '€', '\u{1f600}', '\u0301'), fc.constantFrom(...lengths))
    .map(([character, times]) => character.repeat(times)),
  fc.constantFrom(
    'page',
    'popup',
    'Page',
    'null',
    'undefined',
    '[object Object]',
    '0',
    '-1',
    '1e3',
    '1\n',
    '__proto__',
  ),
  fc.string({ unit: 'grapheme', maxLength: 60 }),
  fc.string({ unit: 'binary', maxLength: 60 }),
);

const formFor = (names: readonly string[]) =>
  fc
    .uniqueArray(
      fc.tuple(fc.oneof(fc.constantFrom(...names), fc.constantFrom('isAdmin', '__proto__', 'constructor')), value),
      { selector: ([name]) => name, maxLength: 14 },
    )
    .map((pairs) => Form.parse(new URLSearchParams(pairs).toString()));

describe('the parameters of a form', () => {
  it('the request classes of the token, introspection, revocation and authorization endpoints are covered', () => {
    const endpoints = ['TokenRequestDto', 'RefreshTokenRequestDto', 'AuthorizationCodeRequestDto', 'TokenParameterDto'];
    expect(classes.map(({ name }) => name)).toEqual(expect.arrayContaining([...endpoints, 'AuthorizationRequestDto']));
  });

  it.each(classes.map((type) => ({ name: type.name, type })))(
    'the rules for $name give the same result as class-validator',
    ({ type }) => {
      const verdicts = { accepted: 0, refused: 0 };
      fc.assert(
        fc.property(formFor(namesOf(type)), (form) => {
          const judged = byCompiledRules(type, form);
          expect(judged).toEqual(byClassValidator(type, form));
          verdicts[typeof judged === 'string' ? 'refused' : 'accepted'] += 1;
        }),
        { numRuns: 2000 },
      );
      expect(Math.min(verdicts.accepted, verdicts.refused)).toBeGreaterThan(0);
    },
  );
});
