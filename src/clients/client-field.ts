/**
 * The kinds of client fields. One entry in `client-fields.ts` defines a field; its column, default, limits, place in the
 * admin API and command-line option follow from it.
 */

interface Facts<T> {
  readonly initially: T;
  /** The member of the client's JSON that contains it; absent: the top level. */
  readonly within?: 'refresh';
  readonly description?: string;
  readonly example?: unknown;
  /** Flags and help text of the option, and the help text of the option that switches it off. */
  readonly option: readonly [flags: string, help: string, offHelp?: string];
}

/** One of a few fixed words. */
interface ChoiceField<T extends string = string> extends Facts<T> {
  readonly kind: 'choice';
  readonly of: readonly T[];
}

/** A whole number. */
interface NumberField extends Facts<number> {
  readonly kind: 'number';
  readonly range: readonly [min: number, max: number];
}

interface FlagField extends Facts<boolean> {
  readonly kind: 'flag';
}

/** A set of texts. */
interface SetField<T extends string = string> extends Facts<readonly T[]> {
  readonly kind: 'set';
  readonly max: number;
  readonly of?: readonly T[];
}

/** One line of text, or none. */
interface TextField extends Facts<string | null> {
  readonly kind: 'text';
  readonly max: number;
}

export type Field = ChoiceField | NumberField | FlagField | SetField | TextField;

export const choice = <T extends string>(of: readonly T[], facts: Facts<T>): ChoiceField<T> => ({
  kind: 'choice',
  of,
  ...facts,
});

export const number = (min: number, max: number, facts: Facts<number>): NumberField => ({
  kind: 'number',
  range: [min, max],
  ...facts,
});

export const flag = (facts: Facts<boolean>): FlagField => ({ kind: 'flag', ...facts });

/** A set of known words. */
export const words = <T extends string>(of: readonly T[], facts: Facts<readonly T[]>): SetField<T> => ({
  kind: 'set',
  max: of.length,
  of,
  ...facts,
});

export const texts = (max: number, facts: Facts<readonly string[]>): SetField => ({ kind: 'set', max, ...facts });

export const text = (max: number, facts: Facts<string | null>): TextField => ({ kind: 'text', max, ...facts });
