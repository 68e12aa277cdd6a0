/**
 * One decorator for each kind of field, with its validation and its OpenAPI schema. Types are strict: nothing is converted, and
 * null differs from absent.
 */
import { applyDecorators } from '@nestjs/common';
import { ApiProperty, type ApiPropertyOptions } from '@nestjs/swagger';
import {
  ArrayMaxSize,
  ArrayUnique,
  IsArray,
  IsBoolean,
  IsIn,
  IsInt,
  IsISO8601,
  IsString,
  IsUUID,
  Length,
  Matches,
  ValidateIf,
} from 'class-validator';

interface FieldFacts {
  readonly description?: string;
  /** Default: true. */
  readonly required?: boolean;
  readonly example?: unknown;
  /** Whether null, for no value, is allowed. Default: false. */
  readonly nullable?: boolean;
  /** The initial value. Not the schema's `default`, which some generated clients send with every change. */
  readonly initially?: string | number | boolean | readonly string[];
}

/** Controls would break log lines, PostgreSQL refuses NUL, and a lone surrogate is not a character. */
const NO_CONTROLS = /^[^\p{Cc}\p{Cs}]*$/u;

const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)$/;

function field({ initially, ...facts }: FieldFacts, schema: object, rules: PropertyDecorator[]): PropertyDecorator {
  const whenPresent = facts.required === false ? [ValidateIf((_, value) => value !== undefined)] : [];
  const unlessNull = facts.nullable === true ? [ValidateIf((_, value) => value !== null)] : [];
  const texts = [facts.description, initially === undefined ? undefined : `Initially ${inWords(initially)}.`];
  const description = texts.filter(Boolean).join(' ');
  const property = { ...facts, ...schema, ...(description !== '' && { description }) } as ApiPropertyOptions;
  return applyDecorators(ApiProperty(property), ...whenPresent, ...unlessNull, ...rules);
}

const inWords = (value: NonNullable<FieldFacts['initially']>): string =>
  Array.isArray(value) ? value.join(', ') || 'empty' : String(value);

/** One line of text. */
export const TextField = ({ min = 1, max, ...facts }: FieldFacts & { min?: number; max: number }) =>
  field(facts, { type: String, minLength: min, maxLength: max }, [
    IsString(),
    Length(min, max),
    Matches(NO_CONTROLS, { message: '$property must have no control characters' }),
  ]);

/** Text that no answer repeats. */
export const SecretField = ({ max, ...facts }: FieldFacts & { max: number }) =>
  field(facts, { type: String, maxLength: max, format: 'password', writeOnly: true }, [IsString(), Length(1, max)]);

export const UuidField = (facts: FieldFacts = {}) => field(facts, { type: String, format: 'uuid' }, [IsUUID()]);

/** RFC 3339, with its offset from UTC. */
export const InstantField = (facts: FieldFacts = {}) =>
  field(facts, { type: String, format: 'date-time' }, [
    Matches(INSTANT, { message: '$property must be a time with an offset, like 2030-01-31T12:00:00Z' }),
    IsISO8601({ strict: true }),
  ]);

export const FlagField = (facts: FieldFacts = {}) => field(facts, { type: Boolean }, [IsBoolean()]);

/** The range is only for the OpenAPI document; the domain rules check it. */
export const NumberField = ([minimum, maximum]: readonly [number, number], facts: FieldFacts = {}) =>
  field(facts, { type: 'integer', minimum, maximum }, [IsInt()]);

export const ChoiceField = (values: readonly string[], facts: FieldFacts = {}) =>
  field(facts, { type: String, enum: values }, [IsIn(values)]);

/** A set of texts, or of a few known words. */
export const SetField = ({ max, of, ...facts }: FieldFacts & { max: number; of?: readonly string[] }) =>
  field(facts, { type: String, isArray: true, maxItems: max, uniqueItems: true, ...(of && { enum: of }) }, [
    IsArray(),
    ArrayMaxSize(max),
    ArrayUnique(),
    IsString({ each: true }),
    Matches(NO_CONTROLS, { each: true, message: '$property must have no control characters' }),
    ...(of ? [IsIn(of, { each: true })] : []),
  ]);
