import { Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { VNode } from 'preact';
import { renderToString } from 'preact-render-to-string';
import type { OAuthError } from '../oauth/oauth-error.js';
import { Config } from '../platform/config/config.js';
import { isBelow } from '../platform/http/issuer-path.js';
import { queryOf } from '../platform/http/request-context.js';
import { acceptsJsonOnly, prefersHtml } from './accept.js';
import { brandIcon } from './brand-icon.js';
import { accountPath, browserPaths, homePath } from './browser-paths.js';
import { ErrorPage, type Mismatch } from './error.page.js';
import { textsFor } from './languages.js';
import { LayoutPage, type Brand } from './layout.page.js';
import { pageHeaders } from './page-headers.js';
import { problemOf } from './page-problem.js';
import { sourceHash } from './source-hash.js';
import { styleOf } from './style.js';
import type { Texts } from './texts.js';

/** The content of a page in one language. */
export interface PageContent {
  readonly title: string;
  readonly body: VNode;
  /** An error page: its title says so first. */
  readonly failed?: boolean;
  /** Wider layout, for pages with more than a question. */
  readonly isWide?: boolean;
}

export interface PageOptions {
  readonly status?: number;
  /** See `PageSources`. */
  readonly leadsToClient?: boolean;
  /** `ui_locales` of the authorization request. */
  readonly uiLocales?: string | undefined;
  /** See `PageSources`. */
  readonly hasSecretUrl?: boolean;
  /** Hashes of the scripts in the page. */
  readonly scriptSources?: readonly string[];
  /** A `Set-Cookie`. */
  readonly cookie?: string | undefined;
}

/** Sends a page: language, layout, headers. The caller provides the content. */
@Injectable()
export class Pages {
  private readonly brand: Brand;
  private readonly css: string;
  private readonly styleSource: string;

  constructor(private readonly config: Config) {
    this.brand = { name: config.brandName, logo: config.brandLogo, icon: brandIcon({ brand: config.brandColor }) };
    this.css = styleOf(config.brandColor);
    this.styleSource = sourceHash(this.css);
  }

  show(
    request: FastifyRequest,
    reply: FastifyReply,
    contentIn: (texts: Texts) => PageContent,
    {
      status = 200,
      leadsToClient = false,
      hasSecretUrl = false,
      uiLocales,
      scriptSources = [],
      cookie,
    }: PageOptions = {},
  ): void {
    const texts = textsFor({ uiLocales, acceptLanguage: request.headers['accept-language'] });
    const html = this.render(texts, contentIn(texts));
    if (cookie !== undefined) void reply.header('set-cookie', cookie);
    void reply
      .status(status)
      .headers(pageHeaders({ style: this.styleSource, scripts: scriptSources, leadsToClient, hasSecretUrl }))
      .header('content-language', texts.language)
      .header('vary', 'Accept-Language')
      .type('text/html; charset=utf-8')
      .send(html);
  }

  showError(error: OAuthError, request: FastifyRequest, reply: FastifyReply): void {
    const problem = problemOf(error);
    const mismatch = this.config.environment === 'production' ? undefined : mismatchIn(error);
    void reply.headers(error.headers);
    this.show(
      request,
      reply,
      (texts) => ({
        title: texts.errors[problem].title,
        body: ErrorPage({ texts, problem, correlationId: request.id, mismatch }),
        failed: true,
      }),
      { status: error.status, uiLocales: uiLocalesIn(request.url) },
    );
  }

  /** Whether the answer is a page. The account also answers in JSON, to programs that accept nothing else. */
  areFor(request: FastifyRequest): boolean {
    const { config } = this;
    const { accept } = request.headers;
    if (isBelow(accountPath(config), request) && acceptsJsonOnly(accept)) return false;
    if (request.routeOptions?.url === homePath(config)) return prefersHtml(accept);
    return browserPaths(config).some((path) => isBelow(path, request));
  }

  private render(texts: Texts, { title, body, failed = false, isWide = false }: PageContent): string {
    const page = LayoutPage({
      language: texts.language,
      title: failed ? texts.failed(title) : title,
      brand: this.brand,
      css: this.css,
      isWide,
      body,
    });
    return `<!doctype html>${renderToString(page)}`;
  }
}

const mismatchIn = ({ registered, compared }: OAuthError): Mismatch | undefined =>
  registered && { sent: compared?.['redirect_uri'] ?? '', registered };

/** Lenient on purpose: the error may be about this very query. */
const uiLocalesIn = (target: string): string | undefined =>
  new URLSearchParams(queryOf(target)).get('ui_locales') ?? undefined;
