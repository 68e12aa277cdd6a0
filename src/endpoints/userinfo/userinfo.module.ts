import { Module } from '@nestjs/common';
import { IssuanceModule } from '../../issuance/issuance.module.js';
import { FamiliesModule } from '../../families/families.module.js';
import { UsersModule } from '../../users/users.module.js';
import { UserinfoController } from './userinfo.controller.js';
import { UserinfoService } from './userinfo.service.js';

/** `/userinfo`. */
@Module({
  imports: [IssuanceModule, FamiliesModule, UsersModule],
  controllers: [UserinfoController],
  providers: [UserinfoService],
})
export class UserinfoModule {}
