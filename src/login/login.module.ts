import { Module } from '@nestjs/common';
import { AuthorizationRequestsModule } from '../authorize/authorization-requests.module.js';
import { ConfigModule } from '../config/config.module.js';
import { LimitsModule } from '../limits/limits.module.js';
import { SignOutModule } from '../logout/sign-out.module.js';
import { PagesModule } from '../pages/pages.module.js';
import { TimeModule } from '../time/time.module.js';
import { UsersModule } from '../users/users.module.js';
import { LoginSessionsModule } from './login-sessions.module.js';
import { SignInPages } from './sign-in-pages.service.js';
import { SignInController } from './sign-in.controller.js';
import { SignInForm } from './sign-in-form.service.js';
import { SignIn } from './sign-in.service.js';
import { UpstreamController } from './upstream.controller.js';
import { UpstreamJourneys } from './upstream-journeys.service.js';
import { UpstreamProvider } from './upstream-provider.service.js';
import { UpstreamSignIn } from './upstream-sign-in.service.js';

/** Signing in: the form, a password, or an upstream provider. */
@Module({
  imports: [
    ConfigModule,
    TimeModule,
    LimitsModule,
    PagesModule,
    UsersModule,
    AuthorizationRequestsModule,
    LoginSessionsModule,
    SignOutModule,
  ],
  controllers: [SignInController, UpstreamController],
  providers: [SignInForm, SignIn, SignInPages, UpstreamJourneys, UpstreamProvider, UpstreamSignIn],
  exports: [SignInForm],
})
export class LoginModule {}
