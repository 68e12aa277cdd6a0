/** The tests that start a real PostgreSQL and a real Redis, and those that kill and pause them. */
import base from './jest.config.js';

/** @type {import('jest').Config} */
export default {
  ...base,
  testMatch: ['<rootDir>/test/{services,faults,support}/**/*.spec.ts'],
  testPathIgnorePatterns: ['/node_modules/'],
  // One at a time: a fault test asks how fast the service answers while a server is away.
  maxWorkers: 1,
  testTimeout: 120_000,
};
