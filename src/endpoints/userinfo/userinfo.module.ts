import { Module } from '@nestjs/common';
import { BearerModule } from '../../issuance/bearer.module.js';
import { FamiliesModule } from '../../families/families.module.js';
import { SubjectsModule } from '../../users/subjects.module.js';
import { UsersModule } from '../../users/users.module.js';
import { UserinfoController } from './userinfo.controller.js';
import { UserinfoService } from './userinfo.service.js';

/** `/userinfo`. */
@Module({
  imports: [BearerModule, FamiliesModule, SubjectsModule, UsersModule],
  controllers: [UserinfoController],
  providers: [UserinfoService],
})
export class UserinfoModule {}
