/** Everything that needs no server of its own: rules, and the service over HTTP on the embedded database. */
/** @type {import('jest').Config} */
export default {
  testEnvironment: 'node',
  roots: ['<rootDir>/src', '<rootDir>/test'],
  testMatch: ['**/*.spec.ts'],
  // Those start PostgreSQL and Redis: jest.services.config.js.
  testPathIgnorePatterns: ['/node_modules/', '<rootDir>/test/(services|faults|support)/'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '^.+\\.ts$': '@swc/jest' },
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  // PGlite takes about 300 MB a worker, and more workers than cores only make the race tests slower.
  maxWorkers: 2,
  testTimeout: 30_000,
};
