/** What the shells themselves complete after loading the scripts of `rekey completion`. */
import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { CommandLine } from '../support/command-line.js';

let commandLine: CommandLine;

beforeAll(() => {
  commandLine = CommandLine.compile();
});
afterAll(() => commandLine.remove());

/** The shell runs the script from standard input, and then asks for completions of the words, the last of which is begun. */
const ask: Record<string, (script: string, words: readonly string[]) => string[]> = {
  bash: (script, words) =>
    linesOf('bash', [
      '--norc',
      '-c',
      `${script}\nCOMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _rekey
      printf '%s\\n' "\${COMPREPLY[@]}"`,
      'bash',
      ...words,
    ]),
  // `_describe` filters and shows; what it is given is what matters here.
  zsh: (script, words) =>
    linesOf('zsh', [
      '-f',
      '-c',
      `compdef() { :; }\n_describe() { print -l -- "\${(@P)2}"; }\n${script}
      words=("$@"); CURRENT=$#; _rekey`,
      'zsh',
      ...words,
    ])
      .map((line) => line.split(':', 1)[0]!)
      .filter((word) => word.startsWith(words.at(-1)!)),
  fish: (script, words) =>
    linesOf('fish', ['--no-config', '-c', `${script}\ncomplete -C "$argv"`, words.join(' ')]).map(
      (line) => line.split('\t', 1)[0]!,
    ),
};

const linesOf = (file: string, args: readonly string[]): string[] =>
  execFileSync(file, args, { encoding: 'utf8' }).split('\n').filter(Boolean);

it.each(Object.keys(ask))('%s completes commands, their commands, and their options', async (shell) => {
  const { stdout: script } = await commandLine.run(['completion', shell]);
  const complete = (...words: string[]) => ask[shell]!(script, words).sort();
  expect(complete('rekey', 'c')).toEqual(['client', 'completion']);
  expect(complete('rekey', '--json', 'client', 'add')).toEqual(['add-secret']);
  expect(complete('rekey', 'client', 'create', '--redirect')).toEqual(['--redirect-uri']);
  expect(complete('rekey', 'client', 'create', '--name', 'x', '--post')).toEqual(['--post-logout-redirect-uri']);
  expect(complete('rekey', 'family', 'create', '--redirect')).toEqual([]);
});

it('another shell is refused with the ones that there are', async () => {
  const { exitCode, stderr } = await commandLine.run(['completion', 'tcsh']);
  expect(exitCode).toBe(1);
  expect(stderr).toContain('bash, zsh, fish');
});
