import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AuditModule } from '../platform/audit/audit.module.js';
import { ConfigModule } from '../platform/config/config.module.js';
import { TimeModule } from '../platform/time/time.module.js';
import { UsersModule } from '../users/users.module.js';
import { LoginSessionEntity } from './login-session.entity.js';
import { LoginSessionRepository } from './login-session.repository.js';
import { LoginSessions } from './login-sessions.service.js';

/** Login sessions: who is signed in, in which browser. */
@Module({
  imports: [ConfigModule, TimeModule, AuditModule, UsersModule, TypeOrmModule.forFeature([LoginSessionEntity])],
  providers: [LoginSessionRepository, LoginSessions],
  exports: [LoginSessions],
})
export class SessionsModule {}
