import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { settings } from './settings.js';

const lines = readFileSync(new URL('../../../.env.example', import.meta.url), 'utf8').split('\n');

/** `# NAME=default` → the default it shows, by name. */
const shown = new Map<string, string>();
for (const line of lines) {
  const [, name, value] = /^# ([A-Z][A-Z0-9_]*)=(.*)$/.exec(line) ?? [];
  if (name !== undefined && value !== undefined) shown.set(name, value);
}

const table = Object.values(settings).map(({ name, fallback }) => ({ name, fallback }));

describe('.env.example', () => {
  it('.env.example names every setting and no other', () => {
    expect([...shown.keys()].sort()).toEqual(table.map(({ name }) => name).sort());
  });

  it.each(table)('.env.example shows the default of $name', ({ name, fallback }) => {
    expect(shown.get(name)).toBe(fallback === undefined ? '' : String(fallback));
  });

  it('.env.example sets nothing when it is used unchanged', () => {
    expect(lines.filter((line) => line !== '' && !line.startsWith('#'))).toEqual([]);
  });
});
