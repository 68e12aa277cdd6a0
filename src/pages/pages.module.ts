import { Module } from '@nestjs/common';
import { KeysModule } from '../keys/keys.module.js';
import { ConfigModule } from '../platform/config/config.module.js';
import { FormTokens } from './form-token.service.js';
import { Pages } from './pages.view.js';

@Module({ imports: [ConfigModule, KeysModule], providers: [Pages, FormTokens], exports: [Pages, FormTokens] })
export class PagesModule {}
