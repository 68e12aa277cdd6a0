/** Finds what somebody may have meant by a misspelt name. */

const MAX_SUGGESTIONS = 3;

/** @returns up to three of the names, the most similar first; those of which more than a third differs are left out */
export function nearest(typed: string, names: readonly string[]): string[] {
  const bound = Math.max(1, Math.floor(typed.length / 3));
  return names
    .map((name) => ({ name, distance: editDistance(typed, name.toLowerCase()) }))
    .filter(({ distance }) => distance <= bound)
    .sort((one, other) => one.distance - other.distance)
    .slice(0, MAX_SUGGESTIONS)
    .map(({ name }) => name);
}

/** Levenshtein distance. */
export function editDistance(one: string, other: string): number {
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
