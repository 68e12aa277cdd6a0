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

describe('.env.example', () => {
  it('.env.example names every setting with its default, and no other', () => {
    const defaults = Object.values(settings).map(({ name, fallback }) => [name, fallback ?? '']);
    expect(Object.fromEntries(shown)).toEqual(
      Object.fromEntries(defaults.map(([name, value]) => [name, String(value)])),
    );
  });

  it('.env.example sets nothing when it is used unchanged', () => {
    expect(lines.filter((line) => line !== '' && !line.startsWith('#'))).toEqual([]);
  });
});
