/**
 * The rows of the acceptance checklist that a specification demands (MUST and SHOULD, sections 1 to 11, and of the optional ones
 * those that are built: 14, 15 and 17) by their numbers: each has a test whose title begins with the number, `[148] …` or
 * `[184, 187] …`. Rows that are decisions of our own have tests too, but are not counted here.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import ts from 'typescript';

const demanded: Record<string, readonly number[]> = {
  '1. Token endpoint: transport and request syntax': [
    1, 2, 4, 10, 11, 12, 13, 14, 15, 16, 18, 20, 26, 27, 28, 29, 30, 31, 32,
  ],
  '2. Client authentication': [34, 35, 36, 37, 38, 40, 41, 42, 44, 45, 46, 47, 48, 52, 59],
  '3. Success response': [65, 66, 67, 68, 69, 70, 71, 73, 74, 75, 76, 77],
  '4. Error responses': [81, 82, 83, 85, 86],
  '5. Refresh grant': [92, 93, 94, 95, 96, 97, 98, 99, 100, 103, 104, 105, 106, 107, 108, 111, 116, 117],
  '6. Rotation, reuse detection, concurrency': [121, 123, 124, 125],
  '7. Revocation': [146, 147, 148, 149, 150, 152, 153, 155, 156, 158, 159, 160, 161, 162, 164, 165],
  '8. Introspection': [174, 175, 176, 178, 179, 180, 181, 182, 183, 184, 188],
  '9. Bearer usage on our own protected routes': [194, 195, 196, 197, 198, 199],
  '10. Metadata and keys': [201, 202, 203, 204, 205, 206, 207, 208, 211, 215],
  '11. JWT access tokens': [216, 217, 218, 219, 220, 222],
  '14. Resource indicators': [249, 250, 251],
  '15. Authorization code, PKCE, RFC 9207': [253, 254, 255, 256, 258, 259, 260, 261, 262, 263, 264, 265, 268],
  '17. OpenID Connect Core §12': [276, 277, 278, 279, 280, 281, 282],
};

/** Rows of these sections that are neither demanded nor decisions of our own, and why. */
const inapplicable: Record<number, string> = {
  157: 'unsupported_token_type is for servers that cannot revoke access tokens; this one can (149)',
  191: 'there are no sender-constrained access tokens yet, so there is no cnf to tell of',
  193: 'optional: introspection is answered in JSON, never as a JWT',
  266: 'there are no pushed authorization requests (RFC 9126 is optional); a request_uri is refused, as the metadata says',
  267: 'the same: no request_uri is ever handed out',
};

const NUMBERS = /^(?:\[\d+(?:, \d+)*\] ?)+/;

/** The numbers at the beginning of the titles of the tests and groups in a file; of those that are skipped, none. */
function numbersIn(code: string): number[] {
  const found: number[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node) && runs(node.expression)) found.push(...titlesOf(node).flatMap(numbersOf));
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile('a.spec.ts', code, ts.ScriptTarget.Latest));
  return found;
}

/** `it`, `test`, `describe`, and what `.each(…)` makes of them. */
function runs(callee: ts.Expression): boolean {
  if (ts.isIdentifier(callee)) return ['it', 'test', 'describe'].includes(callee.text);
  if (ts.isCallExpression(callee) || ts.isPropertyAccessExpression(callee)) {
    const each = ts.isCallExpression(callee) ? callee.expression : undefined;
    return (
      each !== undefined && ts.isPropertyAccessExpression(each) && each.name.text === 'each' && runs(each.expression)
    );
  }
  return false;
}

/** A title that is `%s` stands in the rows of the table. */
function titlesOf({ expression, arguments: [title] }: ts.CallExpression): string[] {
  const text = textOf(title);
  if (text !== '%s' || !ts.isCallExpression(expression)) return [text];
  const [table] = expression.arguments;
  const rows = table && ts.isArrayLiteralExpression(table) ? table.elements : [];
  return rows.map((row) => textOf(ts.isArrayLiteralExpression(row) ? row.elements[0] : row));
}

function textOf(title: ts.Expression | undefined): string {
  if (!title) return '';
  if (ts.isTemplateExpression(title)) return title.head.text;
  return ts.isStringLiteralLike(title) ? title.text : '';
}

function numbersOf(title: string): number[] {
  const [numbers = ''] = NUMBERS.exec(title) ?? [];
  return [...numbers.matchAll(/\d+/g)].map(([number]) => Number(number));
}

describe('the scan of the titles', () => {
  it.each([
    ["it('[1] is seen', f)", [1]],
    ["it('[1, 2] are seen', f)", [1, 2]],
    ["it('[1] [2] are seen', f)", [1, 2]],
    ["it.each([[3]])('[1] is seen: %s', f)", [1]],
    ['it.each(rows)(`[1] is seen: ${x}`, f)', [1]],
    ["describe.each(rows)('[1] is seen', () => { it('[2] too', f); })", [1, 2]],
    ["it.each([['[1] is seen', 3], ['[2] too', 4]])('%s', f)", [1, 2]],
    ["it.skip('[1] is not seen', f)", []],
    ["it.todo('[1] is not seen')", []],
    ["describe.skip.each(rows)('[1] is not seen', f)", []],
    ["// it('[1] is not seen', f)", []],
    ["it('is not seen at the end [1]', f)", []],
    ["expect(it.text).toBe('[1] is not seen')", []],
  ])('%s', (code, numbers) => {
    expect(numbersIn(code)).toEqual(numbers);
  });
});

const tested = new Set(
  ['src', 'test']
    .flatMap((folder) => readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name)))
    .filter((file) => /\.(spec|contract)\.ts$/.test(file))
    .flatMap((file) => numbersIn(readFileSync(file, 'utf8'))),
);

it.each(Object.entries(demanded))('%s: each row has a test', (_section, rows) => {
  expect(rows.filter((row) => !tested.has(row))).toEqual([]);
});

it('a row is demanded once, or does not apply', () => {
  const rows = Object.values(demanded).flat();
  expect(new Set(rows).size).toBe(rows.length);
  expect(Object.keys(inapplicable).filter((row) => rows.includes(Number(row)))).toEqual([]);
});
