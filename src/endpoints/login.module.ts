import { Module } from '@nestjs/common';
import { AuthorizationModule } from '../authorization/authorization.module.js';
import { EgressModule } from '../platform/egress/egress.module.js';
import { ConfigModule } from '../platform/config/config.module.js';
import { LimitsModule } from '../platform/limits/limits.module.js';
import { SignOutModule } from '../sign-out/sign-out.module.js';
import { KeysModule } from '../keys/keys.module.js';
import { PagesModule } from '../pages/pages.module.js';
import { TimeModule } from '../platform/time/time.module.js';
import { UsersModule } from '../users/users.module.js';
import { SessionsModule } from '../sessions/sessions.module.js';
import { SignInController } from './sign-in/sign-in.controller.js';
import { SignIn } from './sign-in/sign-in.service.js';
import { SignInView } from './sign-in/sign-in.view.js';
import { UpstreamController } from './upstream/upstream.controller.js';
import { UpstreamProvider } from '../upstream/upstream-provider.service.js';
import { UpstreamSignIn } from './upstream/upstream-sign-in.service.js';
import { UpstreamView } from './upstream/upstream.view.js';

/** Signing in, by password or through an upstream provider. */
@Module({
  imports: [
    ConfigModule,
    EgressModule,
    TimeModule,
    LimitsModule,
    KeysModule,
    PagesModule,
    UsersModule,
    AuthorizationModule,
    SessionsModule,
    SignOutModule,
  ],
  controllers: [SignInController, UpstreamController],
  providers: [SignIn, SignInView, UpstreamProvider, UpstreamSignIn, UpstreamView],
  exports: [SignInView],
})
export class LoginModule {}
