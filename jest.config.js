import { readFileSync } from 'node:fs';

const swc = JSON.parse(readFileSync(new URL('./.swcrc', import.meta.url), 'utf8'));

/** Pages are written in JSX; in ordinary files its syntax would forbid `<T>(x: T) => x`. */
const pages = {
  ...swc,
  swcrc: false,
  jsc: {
    ...swc.jsc,
    parser: { ...swc.jsc.parser, tsx: true },
    transform: { ...swc.jsc.transform, react: { runtime: 'automatic', importSource: 'preact' } },
  },
};

/** Everything that needs no server of its own: rules, and the service over HTTP on the embedded database. */
/** @type {import('jest').Config} */
export default {
  testEnvironment: 'node',
  roots: ['<rootDir>/src', '<rootDir>/test', '<rootDir>/examples'],
  testMatch: ['**/*.spec.ts'],
  // Those need PostgreSQL and Redis (jest.services.config.js), or Chromium, Python and other shells (jest.browser.config.js).
  testPathIgnorePatterns: [
    '/node_modules/',
    '<rootDir>/test/(services|faults|support|browser)/',
    '<rootDir>/test/flows/(authlib|completion).spec.ts',
  ],
  extensionsToTreatAsEsm: ['.ts', '.tsx'],
  transform: { '^.+\\.ts$': '@swc/jest', '^.+\\.tsx$': ['@swc/jest', pages] },
  moduleNameMapper: { '^#demo-client$': '<rootDir>/examples/relying-party/demo-web', '^(\\.{1,2}/.*)\\.js$': '$1' },
  // PGlite takes about 300 MB a worker, and more workers than cores only make the race tests slower.
  maxWorkers: 2,
  // A worker keeps something of each file that it has run, and grows slow with it.
  workerIdleMemoryLimit: '1GB',
  testTimeout: 60_000,
};
