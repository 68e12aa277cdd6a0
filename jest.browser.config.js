/** The journeys of a user through a real browser, and of a client in another language: they need Chromium, and Python with Authlib. */
import base from './jest.config.js';

/** @type {import('jest').Config} */
export default {
  ...base,
  testMatch: ['<rootDir>/test/browser/**/*.spec.ts', '<rootDir>/test/flows/authlib.spec.ts'],
  testPathIgnorePatterns: ['/node_modules/'],
  // Chromium has processes of its own beside these.
  maxWorkers: 2,
  testTimeout: 60_000,
};
