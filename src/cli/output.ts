/** The output of the commands: tables for people, JSON for programs. Data goes to stdout, messages about it to stderr. */

type Row = Readonly<Record<string, unknown>>;

const GAP = '  ';

/** A table with a line of headings and one line per row. */
export function table(rows: readonly Row[], columns: readonly string[]): string {
  const lines = [
    columns.map((column) => column.toUpperCase()),
    ...rows.map((row) => columns.map((column) => cell(row[column]))),
  ];
  const widths = columns.map((_, index) => Math.max(...lines.map((line) => line[index]!.length)));
  return lines
    .map((line) =>
      line
        .map((text, index) => text.padEnd(widths[index]!))
        .join(GAP)
        .trimEnd(),
    )
    .join('\n');
}

/** One line per member; nested members are named `outer.inner`. */
export function listing(object: Row): string {
  const members = flattened(object);
  const width = Math.max(0, ...members.map(([name]) => name.length));
  return members.map(([name, value]) => `${name.padEnd(width)}${GAP}${cell(value)}`.trimEnd()).join('\n');
}

const flattened = (object: Row, prefix = ''): [name: string, value: unknown][] =>
  Object.entries(object).flatMap(([name, value]) =>
    isPlainObject(value) ? flattened(value, `${prefix}${name}.`) : [[`${prefix}${name}`, value] as [string, unknown]],
  );

const isPlainObject = (value: unknown): value is Row =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function cell(value: unknown): string {
  if (value === undefined || value === null) return '';
  if (Array.isArray(value)) return value.map(cell).join(' ');
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  // Text from outside must not move the cursor or start a new line.
  return text.replace(/\p{Cc}/gu, '\ufffd');
}
