import { describe } from '@jest/globals';
import { openTestDatabase } from '../support/embedded-database.js';
import { loginSessionContract, loginSessionEntities } from './login-session.contract.js';

describe('login sessions, on the embedded database', () => {
  loginSessionContract(() => openTestDatabase(loginSessionEntities));
});
