/** Claims that a client finds under another name: `groups=roles` says `roles` for `groups`. */
import { claimNameProblem } from '../oauth/claim-name.js';
import { builtInScopes } from '../oauth/scope-definition.js';

/** @returns the claim and its name for the client; the name may have further equals signs */
export const renamingOf = (entry: string): readonly [claim: string, name: string] => {
  const at = entry.indexOf('=');
  return at === -1 ? [entry, ''] : [entry.slice(0, at), entry.slice(at + 1)];
};

/** @param scopes those of the client @returns all problems, each beginning with the name of the field */
export function renamingProblems(entries: readonly string[], scopes: readonly string[]): string[] {
  const renamings = entries.map(renamingOf);
  const [claims, names] = [renamings.map(([claim]) => claim), renamings.map(([, name]) => name)];
  const released = scopes.flatMap((scope) => builtInScopes.get(scope)?.claims ?? []);
  const ofEntries = renamings.flatMap(([claim, name], index) => {
    const problem = claimNameProblem(claim) ?? claimNameProblem(name);
    return problem === undefined ? [] : [`claim_names entry ${index + 1} must be like groups=roles; it ${problem}`];
  });
  const rules: [broken: boolean, problem: string][] = [
    [new Set(claims).size < claims.length, 'claim_names must not rename a claim twice'],
    [new Set(names).size < names.length, 'claim_names must not give two claims one name'],
    [
      names.some((name) => released.includes(name) && !claims.includes(name)),
      'claim_names must not give a claim the name of another one that a scope of the client releases',
    ],
  ];
  return [...ofEntries, ...rules.flatMap(([broken, problem]) => (broken ? [problem] : []))];
}
