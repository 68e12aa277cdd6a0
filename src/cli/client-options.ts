/** The command-line options of the fields in `clients/client-fields.ts`. The server validates their values. */
import { InvalidArgumentError, Option, type Command } from 'commander';
import type { Field } from '../clients/client-field.js';
import { clientFieldEntries, snakeCase } from '../clients/client-fields.js';

export type ClientOptions = Readonly<Record<string, unknown>>;

export const withClientOptions = (command: Command): Command => {
  for (const [, field] of clientFieldEntries) for (const option of optionsOf(field)) command.addOption(option);
  return command;
};

/** The option of a field, and the one that switches it off. */
function optionsOf({ kind, option: [flags, help, offHelp] }: Field): Option[] {
  const option = new Option(flags, help);
  if (kind === 'number') option.argParser(seconds);
  return offHelp === undefined ? [option] : [option, new Option(`--no-${option.name()}`, offHelp)];
}

/** JSON omits undefined members. */
export function bodyOf(options: ClientOptions): object {
  const refresh: Record<string, unknown> = {};
  const body: Record<string, unknown> = { name: options['name'] };
  for (const [name, field] of clientFieldEntries) {
    const value = options[new Option(field.option[0]).attributeName()];
    if (value !== undefined) (field.within === 'refresh' ? refresh : body)[snakeCase(name)] = valueOf(field, value);
  }
  return { ...body, ...(Object.keys(refresh).length > 0 && { refresh }) };
}

function valueOf({ kind }: Field, value: unknown): unknown {
  if (kind === 'set' && typeof value === 'string') return value.split(' ').filter(Boolean);
  return kind !== 'flag' && value === false ? null : value;
}

function seconds(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('It must be a whole number.');
  return Number(text);
}
