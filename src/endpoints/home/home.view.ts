import { Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { DemoClient } from '../../first-boot/demo-client.service.js';
import { Form } from '../../oauth/form.js';
import { Pages } from '../../pages/pages.view.js';
import { Config } from '../../platform/config/config.js';
import { issuerPath } from '../../platform/http/issuer-path.js';
import { HomePage } from './home.page.js';

/** Shows the home page at the issuer's URL. In production it does not mention the demo. */
@Injectable()
export class HomeView {
  private readonly path: string;
  private readonly isTrial: boolean;
  private readonly hasConsole: boolean;

  constructor(
    private readonly pages: Pages,
    private readonly demoClient: DemoClient,
    config: Config,
  ) {
    this.path = issuerPath(config);
    this.isTrial = config.environment !== 'production';
    this.hasConsole = config.console === 'on';
  }

  /** @param userName absent if nobody is signed in */
  show(userName: string | undefined, request: FastifyRequest, reply: FastifyReply): void {
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
            ? {
                demoHref: this.demoClient.url,
                consoleHref: this.hasConsole ? `${path}/console` : undefined,
                adminApiHref: `${path}/admin/v1/openapi.json`,
              }
            : undefined,
        }),
      }),
      { uiLocales: Form.ofTarget(request.url).get('ui_locales') },
    );
  }
}
