/** Users in a real browser, a client in another language, and shells: they need Chromium, Python with Authlib, zsh and fish. */
import base from './jest.config.js';

/** @type {import('jest').Config} */
export default {
  ...base,
  testMatch: ['<rootDir>/test/browser/**/*.spec.ts', '<rootDir>/test/flows/{authlib,completion}.spec.ts'],
  testPathIgnorePatterns: ['/node_modules/'],
  // Chromium has processes of its own beside these.
  maxWorkers: 2,
  testTimeout: 60_000,
};
