import { Module } from '@nestjs/common';
import { ConfigModule } from '../../platform/config/config.module.js';
import { ScopesModule } from '../../scopes/scopes.module.js';
import { TokenModule } from '../token/token.module.js';
import { DiscoveryController } from './discovery.controller.js';

@Module({ imports: [ConfigModule, ScopesModule, TokenModule], controllers: [DiscoveryController] })
export class DiscoveryModule {}
