import { describe } from '@jest/globals';
import { openTestDatabase } from '../support/embedded-database.js';
import { logoutEntities, logoutNoticesContract } from './logout-notices.contract.js';

describe('the outbox of back-channel logout, on the embedded database', () => {
  logoutNoticesContract(() => openTestDatabase(logoutEntities));
});
