import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { ConfigModule } from '../platform/config/config.module.js';
import { TimeModule } from '../platform/time/time.module.js';
import { JwksController } from './jwks.controller.js';
import { KeyInventory } from './key-inventory.service.js';
import { KeyRing } from './key-ring.service.js';
import { KeyRotation } from './key-rotation.service.js';
import { KeyRotationWorker } from './key-rotation.worker.js';
import { KeyRepository } from './key.repository.js';
import { SigningKeyEntity } from './signing-key.entity.js';
import { TokenKeyEntity } from './token-key.entity.js';

/** Signing keys and token keys, their life cycle, and the JWKS. */
@Module({
  imports: [ConfigModule, TimeModule, TypeOrmModule.forFeature([SigningKeyEntity, TokenKeyEntity])],
  controllers: [JwksController],
  providers: [KeyRepository, KeyRotation, KeyRing, KeyRotationWorker, KeyInventory],
  exports: [KeyRing, KeyRotationWorker, KeyInventory],
})
export class KeysModule {}
