/**
 * The architecture of docs/architecture.md as rules: who may import whom. `scripts/architecture-check.mjs` breaks each
 * of them on purpose in a small tree of its own, so a rule that can no longer fail fails the lint step.
 */

/** The suffix of a file is its role; a file without one is plain rules. */
const ROLES =
  'service|grant|view|controller|guard|strategy|repository|entity|module|worker|filter|pipe|dto|command|batch|page|interceptor|spec';

/** A file without a suffix; no folder has a dot in its name. A batch is named after what it batches: `rotation-batch.ts`. */
const PLAIN = '^src/(?!refresh/rotation-batch\\.ts$)[^.]+\\.ts$';

/** The order of steps, and the world outside. */
const USE_CASES = '\\.(service|grant|batch|worker|repository)\\.ts$';

/** Folders and files that exist to talk to a framework, the database, Redis or the machine: rules do not live there. */
const ADAPTERS = '^src/(main|serve|cli)\\.ts$|^src/(platform|server|cli)/';

const FRAMEWORKS = 'node_modules/(@types/)?(@nestjs/|@fastify/|@redis/|@electric-sql/|(fastify|typeorm|pg|redis)/)';

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: 'src-imports-no-tests',
      comment: 'The service does not import its tests, benchmarks or examples.',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^(test|bench|scripts|examples)/' },
    },
    {
      name: 'nothing-depends-on-admin',
      comment: 'The admin API is one more client of the services; only the list of modules names it.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(admin/|app\\.module\\.ts$)' },
      to: { path: '^src/admin/' },
    },
    {
      name: 'examples-import-nothing-of-ours',
      comment: 'An example for client developers: it knows the issuer and its credentials, as any client does.',
      severity: 'error',
      from: { path: '^examples/' },
      to: { path: '^(src|test)/' },
    },
    {
      name: 'oauth-is-vocabulary',
      comment: 'Everything may use the protocol vocabulary in oauth/, so it imports nothing of ours.',
      severity: 'error',
      from: { path: '^src/oauth/' },
      to: { path: '^src/', pathNot: '^src/oauth/' },
    },
    {
      name: 'rules-are-plain',
      comment:
        'A file without a role suffix is rules: no Nest, no HTTP, no SQL, no Redis. Give it a role, or take them out.',
      severity: 'error',
      from: { path: PLAIN, pathNot: ADAPTERS },
      to: { path: FRAMEWORKS },
    },
    {
      name: 'rules-call-nobody',
      comment: 'Services call rules, never the other way round: what rules need comes in as an argument.',
      severity: 'error',
      from: { path: PLAIN, pathNot: ADAPTERS },
      to: {
        path: '\\.(service|grant|view|controller|guard|strategy|repository|module|worker|filter|pipe|command|interceptor)\\.ts$',
      },
    },
    {
      name: 'roles-are-known',
      comment: 'A suffix is a role, and there are no others: an invented one would slip past the rule for plain files.',
      severity: 'error',
      from: { path: '^src/.+\\.[^./]+\\.tsx?$', pathNot: [`\\.(${ROLES})\\.tsx?$`, ADAPTERS] },
      to: {},
    },
    {
      name: 'one-owner-per-table',
      comment: 'A repository belongs to its folder: others go through its service.',
      severity: 'error',
      from: { path: '^src/(.+)/[^/]+$' },
      to: { path: '\\.repository\\.ts$', pathNot: '^src/$1/[^/]+$' },
    },
    {
      name: 'controllers-call-services',
      comment: 'The order of steps and the edge of the transaction are a use case; a controller has neither.',
      severity: 'error',
      from: { path: '^src/.+\\.controller\\.ts$' },
      to: { path: '\\.repository\\.ts$|node_modules/(@types/)?(@redis/|(typeorm|pg|redis)/)' },
    },
    {
      name: 'services-know-no-http',
      comment:
        'A service takes plain values and returns a decision. A controller or a view makes the answer: status, headers, cookies, page.',
      severity: 'error',
      from: { path: USE_CASES },
      to: { path: 'node_modules/(@types/)?(@fastify/|@nestjs/platform-fastify/|fastify/)' },
    },
    {
      name: 'services-answer-nobody',
      comment: 'Answers are made of decisions, never the other way round.',
      severity: 'error',
      from: { path: USE_CASES },
      to: { path: '\\.(controller|view|filter)\\.ts$|\\.page\\.tsx$' },
    },
    {
      name: 'no-catch-all-folders',
      comment: 'Folders are capabilities, flat inside; a barrel hides who uses what.',
      severity: 'error',
      from: { path: '^src/' },
      to: {
        path: ['/(common|shared|core|utils?|helpers?|interfaces|dtos?)/[^/]+\\.ts$', '/index\\.ts$'],
        pathNot: 'node_modules',
      },
    },
    {
      name: 'no-circular',
      comment: 'Two files that need each other are one file, or have a third in them.',
      severity: 'error',
      from: { path: '^src/' },
      to: { circular: true },
    },
    {
      name: 'no-circular-folders',
      comment:
        'Folders stand on levels (docs/architecture.md), and a folder imports only from lower ones. Move the file to the folder that needs it, or what both need to a lower one.',
      severity: 'error',
      scope: 'folder',
      from: { path: '^src/' },
      to: { circular: true },
    },
    {
      name: 'no-orphans',
      comment: 'Imported by nobody and importing nothing.',
      severity: 'error',
      from: { orphan: true, path: '^src/', pathNot: '\\.d\\.ts$' },
      to: {},
    },
    {
      name: 'no-development-packages',
      comment: 'The image has no development packages in it.',
      severity: 'error',
      from: { path: '^(src|examples)/' },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only', 'npm'], pathNot: 'node_modules/@types/' },
    },
    {
      name: 'no-unlisted-packages',
      comment: 'A package that another one happens to bring along may be gone tomorrow.',
      severity: 'error',
      from: { path: '^src/' },
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown'] },
    },
    {
      name: 'everything-resolves',
      comment: 'An import that the cruiser cannot find escapes every other rule.',
      severity: 'error',
      from: { path: '^src/' },
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    // A spec may use anything that shows what its subject does.
    exclude: { path: '\\.spec\\.tsx?$' },
    tsConfig: { fileName: 'tsconfig.json' },
    // Imports of types count: a rule that names a TypeORM type is tied to TypeORM.
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'types', 'default'] },
  },
};
