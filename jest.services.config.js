/** The tests that start a real PostgreSQL and a real Redis, and those that kill and pause them. */
import base from './jest.config.js';

/** @type {import('jest').Config} */
export default {
  ...base,
  testMatch: ['<rootDir>/test/{services,faults,support}/**/*.spec.ts'],
  testPathIgnorePatterns: ['/node_modules/'],
  globalSetup: '<rootDir>/test/support/build-service.js',
  // Most of these tests wait: for a lease, a time-out, a server. Each file has its own servers and processes.
  maxWorkers: 2,
  testTimeout: 120_000,
};
