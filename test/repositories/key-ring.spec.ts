import { describe } from '@jest/globals';
import { openTestDatabase } from '../support/embedded-database.js';
import { keyEntities, keyRingContract } from './key-ring.contract.js';

describe('the keys, on the embedded database', () => {
  keyRingContract(() => openTestDatabase(keyEntities));
});
