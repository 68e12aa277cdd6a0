import { Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { DemoClient } from '../../first-boot/demo-client.service.js';
import { Form } from '../../oauth/form.js';
import { Pages } from '../../pages/pages.service.js';
import { Config } from '../../platform/config/config.js';
import { issuerPath } from '../../platform/http/issuer-path.js';
import { LoginSessions } from '../../sessions/login-sessions.service.js';
import { UsersService } from '../../users/users.service.js';
import { HomePage } from './home.page.js';

/** Shows the home page at the issuer's URL. In production it does not mention the demo. */
@Injectable()
export class HomePages {
  private readonly path: string;
  private readonly isTrial: boolean;

  constructor(
    private readonly pages: Pages,
    private readonly sessions: LoginSessions,
    private readonly users: UsersService,
    private readonly demoClient: DemoClient,
    config: Config,
  ) {
    this.path = issuerPath(config);
    this.isTrial = config.environment !== 'production';
  }

  async show(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const userName = await this.userName(request);
    const { path } = this;
    this.pages.show(
      request,
      reply,
      (texts) => ({
        title: texts.home.title,
        body: HomePage({
          texts,
          userName,
          signInHref: `${path}/sign-in`,
          accountHref: `${path}/account`,
          signOutHref: `${path}/end-session`,
          discoveryHref: `${path}/.well-known/openid-configuration`,
          trial: this.isTrial
            ? { demoHref: this.demoClient.url, adminApiHref: `${path}/admin/v1/openapi.json` }
            : undefined,
        }),
      }),
      { uiLocales: Form.ofTarget(request.url).get('ui_locales') },
    );
  }

  private async userName(request: FastifyRequest): Promise<string | undefined> {
    const session = await this.sessions.current(request);
    return session && ((await this.users.find(session.subject))?.username ?? session.subject);
  }
}
