/** A secret may stand in a file instead of the environment, as Docker and Kubernetes mount them: `REKEY_SECRET_FILE=/run/secrets/rekey`. */
import { readFileSync } from 'node:fs';
import { SettingProblem } from './setting.js';

export const fileVariableOf = (name: string): string => `${name}_FILE`;

/**
 * The value of a secret setting: its variable, or the content of the file that `NAME_FILE` names, without the line break that
 * editors and `echo` put at the end.
 * @returns undefined if neither is set
 * @throws SettingProblem, whose text follows the setting's name and shows no content
 */
export function secretOf(name: string, environment: NodeJS.ProcessEnv): string | undefined {
  const file = environment[fileVariableOf(name)];
  if (!file) return environment[name];
  if (environment[name]) throw new SettingProblem(`and ${fileVariableOf(name)} must not both be set`);
  return contentOf(file, name).replace(/\r?\n$/, '');
}

function contentOf(file: string, name: string): string {
  try {
    const content = new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(file));
    if (content.trim() !== '') return content;
  } catch (error) {
    const { syscall, code } = error as NodeJS.ErrnoException;
    const reason = syscall ? code : 'it is not UTF-8';
    throw new SettingProblem(`cannot be read from ${file}, the file that ${fileVariableOf(name)} names: ${reason}`);
  }
  throw new SettingProblem(`is empty in ${file}, the file that ${fileVariableOf(name)} names`);
}
