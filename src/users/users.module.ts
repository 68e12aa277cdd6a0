import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AuditModule } from '../platform/audit/audit.module.js';
import { ConfigModule } from '../platform/config/config.module.js';
import { LimitsModule } from '../platform/limits/limits.module.js';
import { MetricsModule } from '../platform/metrics/metrics.module.js';
import { TimeModule } from '../platform/time/time.module.js';
import { LinkedAccountEntity } from './linked-account.entity.js';
import { LinkedSignIn } from './linked-sign-in.service.js';
import { NewPasswords } from './new-passwords.service.js';
import { OwnPassword } from './own-password.service.js';
import { PasswordDecoys } from './password-decoys.service.js';
import { PasswordSignIn } from './password-sign-in.service.js';
import { KeysModule } from '../keys/keys.module.js';
import { PasswordsModule } from '../passwords/passwords.module.js';
import { RevocationModule } from '../revocation/revocation.module.js';
import { SessionEpochs } from './session-epochs.service.js';
import { SubjectEntity } from './subject.entity.js';
import { SubjectRepository } from './subject.repository.js';
import { SubjectsService } from './subjects.service.js';
import { SignInLimits } from './sign-in-limits.service.js';
import { SignInRecords } from './sign-in-records.service.js';
import { StoredPasswords } from './stored-passwords.service.js';
import { UserChanges } from './user-changes.service.js';
import { UserEntity } from './user.entity.js';
import { UserImport } from './user-import.service.js';
import { UserRepository } from './user.repository.js';
import { UsersService } from './users.service.js';

/** The users who sign in: their claims, passwords, and accounts at the upstream provider. */
@Module({
  imports: [
    ConfigModule,
    TimeModule,
    AuditModule,
    MetricsModule,
    LimitsModule,
    RevocationModule,
    KeysModule,
    PasswordsModule,
    TypeOrmModule.forFeature([UserEntity, LinkedAccountEntity, SubjectEntity]),
  ],
  providers: [
    SubjectRepository,
    SubjectsService,
    SessionEpochs,
    UserRepository,
    UserChanges,
    PasswordDecoys,
    StoredPasswords,
    NewPasswords,
    SignInLimits,
    SignInRecords,
    PasswordSignIn,
    OwnPassword,
    LinkedSignIn,
    UserImport,
    UsersService,
  ],
  exports: [SubjectsService, SessionEpochs, UsersService, OwnPassword, UserImport],
})
export class UsersModule {}
