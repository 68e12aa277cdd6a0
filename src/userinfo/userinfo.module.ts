import { Module } from '@nestjs/common';
import { BearerModule } from '../bearer/bearer.module.js';
import { FamiliesModule } from '../refresh/families.module.js';
import { SubjectsModule } from '../subjects/subjects.module.js';
import { UsersModule } from '../users/users.module.js';
import { UserinfoController } from './userinfo.controller.js';
import { UserinfoService } from './userinfo.service.js';

/** `/userinfo`. */
@Module({
  imports: [BearerModule, FamiliesModule, SubjectsModule, UsersModule],
  controllers: [UserinfoController],
  providers: [UserinfoService],
})
export class UserinfoModule {}
