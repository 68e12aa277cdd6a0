/** Finds variables that look like settings but are not: a misspelt setting would otherwise silently keep its default. */
import { editDistance } from '../spelling/nearest.js';
import { fileVariableOf } from './secret-file.js';
import type { Setting } from './setting.js';
import { settings } from './settings.js';

const NAMES = Object.values<Setting<unknown>>(settings).flatMap(({ name, isSecret }) =>
  isSecret ? [name, fileVariableOf(name)] : [name],
);

/** Variables of the command line and the Compose file, which may share the service's environment. */
const OTHERS = ['REKEY_URL', 'REKEY_HTTPS_PORT', 'REKEY_TLS_DIR'];

/** Kubernetes sets such variables for each service, and one may be named rekey. */
const OF_KUBERNETES = /_SERVICE_(HOST|PORT)(_|$)|^REKEY(_\w+)?_PORT(_\d+_(TCP|UDP)(_|$)|$)/;

/** The edit distance up to which a name counts as misspelt. */
const MISSPELT = 2;

export interface UnknownVariable {
  readonly name: string;
  /** The setting with the most similar name. */
  readonly nearest: string;
  /** Whether the name is close enough to be a misspelt setting. */
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
