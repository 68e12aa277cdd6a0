import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AuditModule } from '../platform/audit/audit.module.js';
import { ConfigModule } from '../platform/config/config.module.js';
import { TimeModule } from '../platform/time/time.module.js';
import { LoginSessionEntity } from './login-session.entity.js';
import { LoginSessionStore } from './login-session.store.js';
import { LoginSessions } from './login-sessions.service.js';

/** The login sessions without the signing in: what logout, consent and the account page need of them. */
@Module({
  imports: [ConfigModule, TimeModule, AuditModule, TypeOrmModule.forFeature([LoginSessionEntity])],
  providers: [LoginSessionStore, LoginSessions],
  exports: [LoginSessions],
})
export class LoginSessionsModule {}
