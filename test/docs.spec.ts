/** Everything that the documentation names must exist: files, headings, settings, metrics, audit events, npm scripts. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { auditEventNames } from '../src/platform/audit/audit-event.js';
import { fileVariableOf } from '../src/platform/config/secret-file.js';
import type { Setting } from '../src/platform/config/setting.js';
import { settings } from '../src/platform/config/settings.js';

const ROOT = resolve(import.meta.dirname, '..');
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const unique = (texts: Iterable<string>): string[] => [...new Set(texts)].sort();
const all = (pattern: RegExp, text: string): string[] => unique([...text.matchAll(pattern)].map(([, found]) => found!));

const pages = [
  'README.md',
  'README.zh-Hant.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  'CHANGELOG.md',
  ...readdirSync(join(ROOT, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];
const everything = pages.map(read).join('\n');
const operations = read('docs/operations.md');

const withoutCode = (markdown: string): string => markdown.replace(/^```.*?^```/gms, '').replace(/`[^`\n]*`/g, '');

/** GitHub's anchors: lower case, without punctuation, a hyphen for each space. */
const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');

const anchorsIn = (markdown: string): string[] => {
  const headings = [...markdown.replace(/^```.*?^```/gms, '').matchAll(/^#+ (.+)$/gm)].map(([, text]) =>
    anchorOf(text!),
  );
  return [...headings, ...all(/<a id="([^"]+)">/g, markdown)];
};

const links = pages.flatMap((page) =>
  all(/\]\(([^)\s]+)\)/g, withoutCode(read(page)))
    .filter((link) => !/^[a-z]+:/.test(link))
    .map((link) => ({ page, link })),
);

const resolves = ({ page, link }: (typeof links)[number]): boolean => {
  const [path = '', anchor] = link.split('#', 2);
  const target = path === '' ? page : relative(ROOT, resolve(ROOT, dirname(page), path));
  return existsSync(join(ROOT, target)) && (anchor === undefined || anchorsIn(read(target)).includes(anchor));
};

it('every link resolves', () => {
  expect(links.length).toBeGreaterThan(30);
  expect(links.filter((link) => !resolves(link))).toEqual([]);
});

describe('the two READMEs', () => {
  const outline = (page: string): unknown => ({
    headings: [...read(page).matchAll(/^(#+) /gm)].map(([, level]) => level),
    commands: [...read(page).matchAll(/^```sh\n(.*?)^```/gms)].map(([, commands]) => commands),
    links: unique(
      links.filter((link) => link.page === page && !/README|images/.test(link.link)).map(({ link }) => link),
    ),
  });

  it('have the same headings, commands and links', () => {
    expect(outline('README.zh-Hant.md')).toEqual(outline('README.md'));
  });
});

describe('a setting', () => {
  const known = Object.values(settings).map(({ name }) => name);

  it('that is named exists, in the service, the command line or the compose file', () => {
    const elsewhere = [
      ...all(/environment\.(REKEY_\w+)/g, `${read('src/cli/admin-credentials.ts')}${read('src/cli/server.ts')}`),
      ...all(/^([A-Z_]+)=/gm, read('deploy/compose.env.example')),
      ...Object.values<Setting<unknown>>(settings).flatMap((one) => (one.isSecret ? fileVariableOf(one.name) : [])),
    ];
    const named = all(/\b(REKEY_[A-Z_]+|[A-Z]+_URL|NODE_ENV)\b/g, everything);
    expect(named.filter((name) => ![...known, ...elsewhere].includes(name))).toEqual([]);
  });

  it('that exists is named in docs/operations.md', () => {
    expect(known.filter((name) => !operations.includes(`\`${name}\``))).toEqual([]);
  });
});

describe('a metric', () => {
  const registered = ['src/platform/metrics', 'src/endpoints/health'].flatMap((folder) =>
    readdirSync(join(ROOT, folder)).flatMap((file) => all(/'(rekey_[a-z_]+)'/g, read(`${folder}/${file}`))),
  );

  it('that is named exists', () => {
    const named = all(/\b(rekey_[a-z_]+)\b/g, everything).map((name) => name.replace(/_(bucket|sum|count)$/, ''));
    expect(named.filter((name) => !registered.includes(name))).toEqual([]);
  });

  it('that exists is explained in docs/operations.md', () => {
    expect(registered.length).toBeGreaterThan(10);
    expect(registered.filter((name) => !operations.includes(`| \`${name}\``))).toEqual([]);
  });
});

it('every audit event is explained in docs/operations.md', () => {
  expect(auditEventNames.filter((name) => !operations.includes(`\`${name}\``))).toEqual([]);
});

it('every npm script that is named exists', () => {
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
  const named = all(/npm run (?:--silent )?([\w:-]+)/g, everything);
  expect(named.filter((name) => !(name in scripts))).toEqual([]);
});

it('every source file that is named exists', () => {
  const named = all(/`((?:src|test|deploy|scripts|bench)\/[\w./-]*\.\w+)`/g, everything);
  expect(named.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
});

it('every error code that the service answers with is in docs/protocol.md', () => {
  const sources = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' }).filter((name) =>
    /(?<!\.spec)\.ts$/.test(name),
  );
  const source = sources.map((name) => read(`src/${name}`)).join('\n');
  const codes = all(/^ {2}([a-z_]+): \{\s+status: \d+/gm, read('src/oauth/oauth-error.ts'));
  const used = codes.filter((code) => source.includes(`'${code}'`));
  expect(used).toContain('invalid_grant');
  const protocol = read('docs/protocol.md');
  expect(used.filter((code) => !protocol.includes(`\`${code}\``))).toEqual([]);
});
