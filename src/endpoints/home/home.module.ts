import { Module } from '@nestjs/common';
import { FirstBootModule } from '../../first-boot/first-boot.module.js';
import { PagesModule } from '../../pages/pages.module.js';
import { ConfigModule } from '../../platform/config/config.module.js';
import { TimeModule } from '../../platform/time/time.module.js';
import { SessionsModule } from '../../sessions/sessions.module.js';
import { UsersModule } from '../../users/users.module.js';
import { HomeView } from './home.view.js';
import { HomeController } from './home.controller.js';
import { HostController } from './host.controller.js';

/** `/`, and the well-known URLs at the root of the host. */
@Module({
  imports: [ConfigModule, TimeModule, PagesModule, SessionsModule, UsersModule, FirstBootModule],
  controllers: [HomeController, HostController],
  providers: [HomeView],
})
export class HomeModule {}
