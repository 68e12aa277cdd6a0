import { Module } from '@nestjs/common';
import { ConfigModule } from '../platform/config/config.module.js';
import { PasswordHasher } from './password-hasher.service.js';
import { PasswordThreads } from './password-threads.service.js';

/** The hashing of passwords, off the event loop. */
@Module({
  imports: [ConfigModule],
  providers: [PasswordThreads, PasswordHasher],
  exports: [PasswordThreads, PasswordHasher],
})
export class PasswordsModule {}
