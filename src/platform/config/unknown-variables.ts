/** Variables that look like settings and are none: a misspelt one would otherwise leave its default in force without a word. */
import { settings } from './settings.js';

const NAMES = Object.values(settings).map(({ name }) => name);

/** Of the command line and of the Compose file, whose environment the service may share. */
const OTHERS = ['REKEY_URL', 'REKEY_HTTPS_PORT', 'REKEY_TLS_DIR'];

/** Kubernetes gives each container those of the services beside it, and one of them may be called rekey. */
const OF_KUBERNETES = /_SERVICE_(HOST|PORT)(_|$)|^REKEY(_\w+)?_PORT(_\d+_(TCP|UDP)(_|$)|$)/;

/** So few letters are wrong in what was misspelt. */
const MISSPELT = 2;

export interface UnknownVariable {
  readonly name: string;
  /** The setting whose name is the most like it. */
  readonly nearest: string;
  /** Whether it can hardly be anything else. */
  readonly isMisspelt: boolean;
}

export function unknownVariables(environment: NodeJS.ProcessEnv): UnknownVariable[] {
  const unknown = Object.keys(environment).filter(
    (name) => name.startsWith('REKEY_') && ![...NAMES, ...OTHERS].includes(name) && !OF_KUBERNETES.test(name),
  );
  return unknown.map((name) => {
    const [[distance, nearest]] = NAMES.map((known) => [editDistance(name, known), known] as const).sort(
      ([one], [other]) => one - other,
    ) as [readonly [number, string]];
    return { name, nearest, isMisspelt: distance <= MISSPELT };
  });
}

/** Letters to add, drop or change (Levenshtein). */
function editDistance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (const [index, letter] of [...one].entries()) {
    const next = [index + 1];
    for (const [at, wanted] of [...other].entries()) {
      next.push(Math.min(next[at]! + 1, row[at + 1]! + 1, row[at]! + Number(letter !== wanted)));
    }
    row = next;
  }
  return row.at(-1)!;
}
