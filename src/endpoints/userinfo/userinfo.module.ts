import { Module } from '@nestjs/common';
import { ClientsModule } from '../../clients/clients.module.js';
import { ConfigModule } from '../../platform/config/config.module.js';
import { RevocationModule } from '../../revocation/revocation.module.js';
import { IssuanceModule } from '../../issuance/issuance.module.js';
import { FamiliesModule } from '../../families/families.module.js';
import { ScopesModule } from '../../scopes/scopes.module.js';
import { UsersModule } from '../../users/users.module.js';
import { UserinfoController } from './userinfo.controller.js';
import { UserinfoService } from './userinfo.service.js';

/** `/userinfo`. */
@Module({
  imports: [ConfigModule, ClientsModule, RevocationModule, IssuanceModule, FamiliesModule, ScopesModule, UsersModule],
  controllers: [UserinfoController],
  providers: [UserinfoService],
})
export class UserinfoModule {}
