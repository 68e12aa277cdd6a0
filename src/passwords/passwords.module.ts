import { Module } from '@nestjs/common';
import { PasswordHasher } from './password-hasher.service.js';
import { PasswordThreads } from './password-threads.service.js';

/** The hashing of passwords, off the event loop. */
@Module({
  providers: [PasswordThreads, PasswordHasher],
  exports: [PasswordThreads, PasswordHasher],
})
export class PasswordsModule {}
