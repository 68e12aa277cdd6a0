import { describe } from '@jest/globals';
import { openTestDatabase } from '../support/embedded-database.js';
import { rotationContract, rotationEntities } from './rotation.contract.js';

describe('rotation, on the embedded database', () => {
  rotationContract(() => openTestDatabase(rotationEntities));
});
