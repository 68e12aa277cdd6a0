/**
 * Proves that the rules of `.dependency-cruiser.cjs` can fail: for each there is a minimal tree that breaks it, and only that rule
 * must be reported. Also counts the modules found in `src`: without a TypeScript version that it supports, dependency-cruiser
 * finds none and passes.
 */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { ESLint, Linter } from 'eslint';
import { cruise } from 'dependency-cruiser';
import extractDepcruiseOptions from 'dependency-cruiser/config-utl/extract-depcruise-options';
import extractTSConfig from 'dependency-cruiser/config-utl/extract-ts-config';

const MIN_MODULES = 20;

/** Rule → the files of a tree that breaks it and no other. */
const offences = {
  'src-imports-no-tests': {
    'src/token/token.service.ts': "import '../../test/support/app.js';",
    'test/support/app.ts': 'export {};',
  },
  'nothing-depends-on-admin': {
    'src/token/token.service.ts': "import '../admin/paging.js';",
    'src/admin/paging.ts': 'export {};',
  },
  'examples-import-nothing-of-ours': {
    'src/app.module.ts': "import './oauth/scope.js';",
    'examples/relying-party/session.ts': "import '../../src/oauth/scope.js';",
    'src/oauth/scope.ts': 'export {};',
  },
  'oauth-is-vocabulary': {
    'src/oauth/scope.ts': "import '../clients/client-secret.js';",
    'src/clients/client-secret.ts': 'export {};',
  },
  'rules-are-plain': { 'src/refresh/rotation.ts': "import type { EntityManager } from 'typeorm';" },
  'rules-call-nobody': {
    'src/refresh/rotation.ts': "import type { RefreshService } from './refresh.service.js';",
    'src/refresh/refresh.service.ts': 'export class RefreshService {}',
  },
  'roles-are-known': {
    'src/token/token.manager.ts': "import '../oauth/scope.js';",
    'src/oauth/scope.ts': 'export {};',
  },
  'one-owner-per-table': {
    'src/token/token.service.ts': "import '../refresh/token-family.repository.js';",
    'src/refresh/token-family.repository.ts': 'export {};',
  },
  'controllers-call-services': { 'src/token/token.controller.ts': "import 'typeorm';" },
  'services-know-no-http': { 'src/token/token.service.ts': "import type { FastifyReply } from 'fastify';" },
  'services-answer-nobody': {
    'src/sign-in/sign-in.service.ts': "import './sign-in.view.js';",
    'src/sign-in/sign-in.view.ts': 'export {};',
  },
  'no-catch-all-folders': {
    'src/token/token.service.ts': "import '../utils/strings.js';",
    'src/utils/strings.ts': 'export {};',
  },
  'no-circular': {
    'src/oauth/scope.ts': "import './grant-type.js';",
    'src/oauth/grant-type.ts': "import './scope.js';",
  },
  'no-circular-folders': {
    'src/keys/key-ring.service.ts': "import '../users/claims.js';",
    'src/keys/jws.ts': "import 'jose';",
    'src/users/claims.ts': 'export {};',
    'src/users/users.service.ts': "import '../keys/jws.js';",
  },
  'no-orphans': { 'src/oauth/scope.ts': 'export {};' },
  'no-development-packages': { 'src/token/token.service.ts': "import 'fast-check';" },
  'no-unlisted-packages': { 'src/token/token.service.ts': "import 'acorn';" },
  'everything-resolves': { 'src/token/token.service.ts': "import './nowhere.js';" },
};

/** Trees that the rules allow, to detect a rule that forbids everything. */
const permitted = {
  'src/app.module.ts': "import './admin/admin.module.js'; import './token/token.module.js';",
  'src/admin/admin.module.ts': "import '@nestjs/common'; import '../refresh/refresh.service.js';",
  'src/token/token.module.ts': "import './token.controller.js';",
  'src/token/token.controller.ts':
    "import '@nestjs/common'; import 'fastify'; import '../refresh/refresh.service.js'; import './token.view.js';",
  'src/token/token.view.ts': "import type { FastifyReply } from 'fastify'; import '../refresh/refresh.service.js';",
  'src/refresh/refresh.service.ts': "import './rotation.js'; import './token-family.repository.js';",
  'src/refresh/token-family.repository.ts': "import 'typeorm'; import './rotation.js';",
  'src/refresh/rotation.ts': "import 'node:crypto'; import '../oauth/scope.js';",
  'src/oauth/scope.ts': 'export {};',
  'examples/relying-party/session.ts': "import './tokens.js'; import 'openid-client';",
  'examples/relying-party/tokens.ts': 'export {};',
};

const configuration = await extractDepcruiseOptions('./.dependency-cruiser.cjs');
const tsConfig = extractTSConfig('./tsconfig.json');

async function cruiseSrcOf(baseDir) {
  const existing = ['src', 'examples'].filter((folder) => existsSync(join(baseDir, folder)));
  const { output } = await cruise(existing, { ...configuration, baseDir, validate: true }, undefined, { tsConfig });
  return output;
}

async function violationsIn(files) {
  // Inside the project, where node_modules is found.
  await mkdir('.cache', { recursive: true });
  const root = await mkdtemp(resolve('.cache', 'architecture-'));
  try {
    for (const [path, source] of Object.entries(files)) {
      await mkdir(dirname(join(root, path)), { recursive: true });
      await writeFile(join(root, path), source);
    }
    const { violations } = (await cruiseSrcOf(root)).summary;
    return [...new Set(violations.map((violation) => violation.rule.name))];
  } finally {
    await rm(root, { recursive: true });
  }
}

/** Statements that write the table of another folder, each with its reason. */
const WRITES_ELSEWHERE = {
  // Rotation and its audit rows are one statement, so that an event and its fact commit together.
  'src/refresh/rotation-sql.ts': ['token_families', 'audit_events'],
};

/** SQL that writes a table must be in the folder of the table's entity. @param files by path @returns a line per violation */
function tablesWrittenElsewhere(files) {
  const owners = new Map();
  for (const [path, source] of files)
    for (const [, table] of source.matchAll(/@Entity\('(\w+)'\)/g)) owners.set(table, dirname(path));
  const lines = [];
  for (const [path, source] of files) {
    if (path.includes('/migrations/') || /\.spec\.tsx?$/.test(path)) continue;
    for (const [, table] of source.matchAll(/\b(?:INSERT INTO|UPDATE|DELETE FROM)\s+(\w+)\b/g)) {
      const owner = owners.get(table);
      const isAllowed = WRITES_ELSEWHERE[path]?.includes(table) ?? false;
      if (owner !== undefined && owner !== dirname(path) && !isAllowed)
        lines.push(`${path} writes ${table}, which belongs to ${owner}: call a service of that folder`);
    }
  }
  return lines;
}

/** The folders of `src`, each on the lowest level above all that it imports. @throws Error for a cycle */
function levelsOf(modules) {
  const imports = new Map();
  for (const { source, dependencies } of modules) {
    if (!source.startsWith('src/')) continue;
    const from = imports.get(dirname(source)) ?? imports.set(dirname(source), new Set()).get(dirname(source));
    for (const { resolved } of dependencies)
      if (resolved.startsWith('src/') && dirname(resolved) !== dirname(source)) from.add(dirname(resolved));
  }
  const levels = [];
  while (imports.size > 0) {
    const level = [...imports.keys()].filter((folder) => [...imports.get(folder)].every((to) => !imports.has(to)));
    if (level.length === 0) throw new Error(`folders import each other in a circle: ${[...imports.keys()].join(' ')}`);
    for (const folder of level) imports.delete(folder);
    levels.unshift(level.sort());
  }
  return levels;
}

const sourcesOfSrc = () =>
  readdirSync('src', { recursive: true, encoding: 'utf8' })
    .filter((path) => /\.tsx?$/.test(path))
    .map((path) => [`src/${path}`, readFileSync(join('src', path), 'utf8')]);

const problems = [];
const expect = (what, actual, expected) => {
  if (String(actual) !== String(expected)) problems.push(`${what}: expected [${expected}], got [${actual}]`);
};

const rules = configuration.ruleSet.forbidden.map((rule) => rule.name);
expect('rules with a tree that breaks them', Object.keys(offences).sort(), [...rules].sort());
for (const [rule, files] of Object.entries(offences)) expect(`the tree for ${rule}`, await violationsIn(files), [rule]);
expect('the permitted tree', await violationsIn(permitted), []);

const thief = tablesWrittenElsewhere([
  ['src/users/user.entity.ts', "@Entity('users')"],
  ['src/sessions/login-session.repository.ts', 'UPDATE users SET session_epoch = 1'],
]);
expect('writes of a table of another folder in the tree that has one', thief.length, 1);
problems.push(...tablesWrittenElsewhere(sourcesOfSrc()));

/** Each a way to call another server past the one client, and the rule of ESLint that must object. */
const callsElsewhere = {
  "await fetch('http://127.0.0.1');": 'no-restricted-globals',
  "await globalThis.fetch('http://127.0.0.1');": 'no-restricted-properties',
  "import { request } from 'node:https'; request('https://127.0.0.1');": 'no-restricted-imports',
  "import http from 'node:http'; http.get('http://127.0.0.1');": 'no-restricted-imports',
  "import * as http from 'http'; http.get('http://127.0.0.1');": 'no-restricted-imports',
  "import { fetch } from 'undici'; await fetch('http://127.0.0.1');": 'no-restricted-imports',
};
const { rules: rulesOfSrc } = await new ESLint().calculateConfigForFile('src/upstream/upstream-failure.ts');
const outgoing = Object.fromEntries(Object.values(callsElsewhere).map((name) => [name, rulesOfSrc[name] ?? 'off']));
for (const [source, rule] of Object.entries(callsElsewhere)) {
  const found = new Linter().verify(source, { languageOptions: { globals: { fetch: 'readonly' } }, rules: outgoing });
  expect(`the rules that object to ${source}`, [...new Set(found.map(({ ruleId }) => ruleId))], [rule]);
}

const { modules, summary } = await cruiseSrcOf(process.cwd());
const { totalCruised } = summary;
if (totalCruised <= MIN_MODULES) problems.push(`only ${totalCruised} modules were cruised in src`);

if (problems.length > 0) {
  console.error(problems.join('\n'));
  process.exitCode = 1;
} else {
  console.log('The folders of src by level; a folder imports only from the lines below its own:');
  for (const level of levelsOf(modules)) console.log(`  ${level.join(' ').replaceAll('src/', '')}`);
  console.log(`architecture: each of ${rules.length} rules can fail; ${totalCruised} modules of src were cruised`);
}
