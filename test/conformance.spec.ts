/**
 * `docs/conformance.md` lists numbered statements about the service; the title of a test begins with the numbers of its
 * statements, `[148] …` or `[184, 187] …`. This compares the two: each statement has a test, each number in a title is a
 * statement, and the page names the test files. `UPDATE_CONFORMANCE=1 npm test -- test/conformance.spec.ts` rewrites the files.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import ts from 'typescript';

const PAGE = 'docs/conformance.md';
/** Number, level, source and statement of a row, before its files. */
const ROW = /^(\| (\d+) \|(?: (?:[^|\\]|\\.)*\|){3}) .*\|$/gm;

/** `164: …` instead of `[164] …`. */
const UNSEEN = /^\d+(?:, \d+)*:/;

const NUMBERS = /^(?:\[\d+(?:, \d+)*\] ?)+/;

/** The titles of the tests and groups in a file, except skipped ones. */
function titlesIn(code: string): string[] {
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node) && runs(node.expression)) found.push(...titlesOf(node));
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile('a.spec.ts', code, ts.ScriptTarget.Latest));
  return found;
}

const numbersIn = (code: string): number[] => titlesIn(code).flatMap(numbersOf);

/** `it`, `test`, `describe`, and their `.each(…)`. */
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

/** The rows of the table, if the title is `%s`. */
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

const files = ['src', 'test']
  .flatMap((folder) => readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name)))
  .filter((file) => /\.(spec|contract)\.ts$/.test(file))
  .sort();

/** The files whose tests have a number in their titles. */
function testFiles(): Map<number, string[]> {
  const found = new Map<number, string[]>();
  for (const file of files) {
    for (const number of new Set(numbersIn(readFileSync(file, 'utf8')))) {
      found.set(number, [...(found.get(number) ?? []), file]);
    }
  }
  return found;
}

const page = readFileSync(PAGE, 'utf8');
const tests = testFiles();
const statements = [...page.matchAll(ROW)].map(([, , number]) => Number(number));

it('every statement has a number of its own and a test', () => {
  expect(statements.length).toBeGreaterThan(150);
  expect(new Set(statements).size).toBe(statements.length);
  expect(statements.filter((number) => !tests.has(number))).toEqual([]);
});

it('every number in a title is a statement', () => {
  expect([...tests.keys()].filter((number) => !statements.includes(number))).toEqual([]);
});

it('no title has its numbers in another form, which the scan would miss', () => {
  const titles = files.flatMap((file) => titlesIn(readFileSync(file, 'utf8')));
  expect(titles.length).toBeGreaterThan(500);
  expect(titles.filter((title) => UNSEEN.test(title))).toEqual([]);
});

it('the page names the test files', () => {
  const current = page.replace(
    ROW,
    (_, row: string, number: string) =>
      `${row} ${(tests.get(Number(number)) ?? []).map((file) => `\`${file}\``).join(', ')} |`,
  );
  if (process.env['UPDATE_CONFORMANCE']) writeFileSync(PAGE, current);
  else expect(page).toBe(current);
});
