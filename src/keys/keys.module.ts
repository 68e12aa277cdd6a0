import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AuditModule } from '../platform/audit/audit.module.js';
import { ConfigModule } from '../platform/config/config.module.js';
import { awaitDatabase } from '../platform/database/await-database.js';
import { TimeModule } from '../platform/time/time.module.js';
import { JwksController } from './jwks.controller.js';
import { KeyInventory } from './key-inventory.service.js';
import { KeyRing } from './key-ring.service.js';
import { KeyRotation } from './key-rotation.service.js';
import { KeyRotationWorker } from './key-rotation.worker.js';
import { KeyRepository } from './key.repository.js';
import { MasterKeys } from './master-keys.service.js';
import { RootKey } from './root-key.js';
import { RootKeyRepository } from './root-key.repository.js';
import { SealedRootKeyEntity } from './sealed-root-key.entity.js';
import { SigningKeyEntity } from './signing-key.entity.js';
import { TokenKeyEntity } from './token-key.entity.js';

/** Signing keys and token keys, their life cycle, and the JWKS. */
@Module({
  imports: [
    ConfigModule,
    TimeModule,
    AuditModule,
    TypeOrmModule.forFeature([SigningKeyEntity, TokenKeyEntity, SealedRootKeyEntity]),
  ],
  controllers: [JwksController],
  providers: [
    RootKeyRepository,
    MasterKeys,
    {
      provide: RootKey,
      inject: [MasterKeys],
      useFactory: (masterKeys: MasterKeys) => awaitDatabase(() => masterKeys.openRootKey()),
    },
    KeyRepository,
    KeyRotation,
    KeyRing,
    KeyRotationWorker,
    KeyInventory,
  ],
  exports: [RootKey, MasterKeys, KeyRing, KeyRotationWorker, KeyInventory],
})
export class KeysModule {}
