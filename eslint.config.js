/**
 * What the linter holds people to. The layers and the ownership of tables are `.dependency-cruiser.cjs`; what nobody
 * uses is `knip.json`; layout is Prettier's.
 *
 * `consistent-type-imports` must stay off: with `emitDecoratorMetadata` the import of an injected class is a value,
 * and turned into `import type` it compiles and fails when Nest looks for it.
 */
import js from '@eslint/js';
import jest from 'eslint-plugin-jest';
import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';

/** Role suffixes are the adapters and services; time reaches them through `Clock`. */
const readsTheClock = {
  selector:
    "CallExpression[callee.object.name='Date'][callee.property.name='now'], NewExpression[callee.name='Date'][arguments.length=0]",
  message: 'Time comes from the injected Clock or an argument.',
};
const forwardRef = {
  selector: "CallExpression[callee.name='forwardRef']",
  message: 'A cycle is something in the wrong place.',
};
const global = {
  selector: "Decorator > CallExpression[callee.name='Global']",
  message: 'A module says whom it needs.',
};
/** Addresses are checked in one client, so requests leave the process through it. */
const calls = 'Requests to other servers go through OutgoingRequests (platform/egress/).';
const leavesTheProcess = {
  'no-restricted-globals': [
    'error',
    ...['fetch', 'WebSocket', 'EventSource'].map((name) => ({ name, message: calls })),
  ],
  'no-restricted-properties': ['error', { object: 'globalThis', property: 'fetch', message: calls }],
  'no-restricted-imports': [
    'error',
    {
      paths: [
        ...['http', 'https', 'node:http', 'node:https'].map((name) => ({
          name,
          importNames: ['default', 'request', 'get', 'Agent', 'globalAgent', 'ClientRequest'],
          message: calls,
        })),
        ...['http2', 'node:http2', 'undici', 'axios', 'got'].map((name) => ({ name, message: calls })),
      ],
    },
  ],
};
const requestScope = {
  selector: "MemberExpression[object.name='Scope'][property.name=/^(REQUEST|TRANSIENT)$/]",
  message: 'No request-scoped providers: they are built again on every request.',
};

export default defineConfig(
  globalIgnores(['dist/', 'data/', 'coverage/', 'console/', '.cache/']),
  js.configs.recommended,
  {
    languageOptions: {
      globals: {
        process: 'readonly',
        console: 'readonly',
        fetch: 'readonly',
        URL: 'readonly',
        AbortSignal: 'readonly',
      },
    },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: { eqeqeq: ['error', 'always', { null: 'ignore' }] },
  },
  {
    files: ['**/*.ts', '**/*.tsx'],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/consistent-type-imports': 'off',
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/no-deprecated': 'error',
      '@typescript-eslint/no-unnecessary-condition': 'off', // rows and other people's JSON are not always what their types say
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', ignoreRestSiblings: true }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/no-extraneous-class': 'off', // a Nest module is a class with a decorator and nothing in it
      '@typescript-eslint/only-throw-error': ['error', { allowRethrowing: true, allowThrowingUnknown: true }],
      '@typescript-eslint/require-await': 'off', // an in-process adapter keeps the promises of the port
    },
  },
  {
    files: ['src/**/*.ts', 'src/**/*.tsx'],
    rules: {
      'no-console': 'error',
      'max-lines': ['error', { max: 250, skipBlankLines: true, skipComments: true }],
      'no-restricted-syntax': ['error', readsTheClock, forwardRef, global, requestScope],
      ...leavesTheProcess,
    },
  },
  {
    files: ['src/platform/egress/outgoing-requests.service.ts', 'src/**/*.spec.ts'],
    rules: { 'no-restricted-imports': 'off' },
  },
  {
    files: ['examples/spa/app.js', 'examples/bff/page.js'],
    languageOptions: {
      globals: Object.fromEntries(
        ['window', 'document', 'location', 'history', 'localStorage', 'addEventListener', 'URLSearchParams'].map(
          (name) => [name, 'readonly'],
        ),
      ),
    },
  },
  // The command line calls the service itself, at the address that its operator gives.
  {
    files: ['src/cli/server.ts'],
    rules: { 'no-restricted-globals': 'off', 'no-restricted-imports': 'off' },
  },
  { files: ['src/**/*.spec.ts'], rules: { 'no-restricted-globals': 'off' } },
  { files: ['src/{main,serve,cli}.ts'], rules: { 'no-console': 'off' } },
  {
    files: ['src/platform/time/clock.ts'],
    rules: { 'no-restricted-syntax': ['error', forwardRef, global, requestScope] },
  },
  {
    files: ['**/*.spec.ts'],
    extends: [jest.configs['flat/recommended']],
    rules: {
      'no-restricted-syntax': 'off',
      'max-lines': 'off',
      // A response body is `any` until the test has asserted what it is.
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      'jest/expect-expect': ['error', { assertFunctionNames: ['expect', 'expect*', 'fc.assert'] }],
      'jest/no-disabled-tests': 'error',
      'jest/no-standalone-expect': 'off', // object mothers and contract suites assert what they were given
      'jest/no-conditional-expect': 'off', // contract suites name what each adapter may do
      'jest/no-export': 'off', // the contract suites are exported to the specs of each adapter
    },
  },
  {
    files: ['test/**/*.ts', 'bench/**/*.ts'],
    rules: {
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
    },
  },
);
