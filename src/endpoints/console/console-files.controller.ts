import { Controller, Get, Req, Res, UseGuards } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { OAuthError } from '../../oauth/oauth-error.js';
import { pageHeaders } from '../../pages/page-headers.js';
import { Config } from '../../platform/config/config.js';
import { issuerPath } from '../../platform/http/issuer-path.js';
import { ConsoleFiles, type ConsoleFile } from './console-files.service.js';
import { ConsoleGuard } from './console.guard.js';
import { consolePolicy } from './console-policy.js';

/** Their names change with their content. */
const FOREVER = 'public, max-age=31536000, immutable';

/** The console's one page, whatever the path below `/console`, and its scripts and styles. They are public: all data is behind the API. */
@ApiExcludeController()
@Controller('console')
@UseGuards(ConsoleGuard)
export class ConsoleFilesController {
  private readonly path: string;

  constructor(
    private readonly files: ConsoleFiles,
    config: Config,
  ) {
    this.path = `${issuerPath(config)}/console`;
  }

  @Get('assets/*')
  asset(@Req() request: FastifyRequest, @Res() reply: FastifyReply): void {
    const name = request.url.split('?', 1)[0]!.slice(this.path.length + 1);
    const file = this.files.find(name);
    if (!file) throw new OAuthError('not_found', { reason: 'no_console_file' });
    void reply.header('cache-control', FOREVER);
    send(file, request, reply);
  }

  @Get()
  home(@Res() reply: FastifyReply): void {
    void reply.redirect(`${this.path}/`, 302);
  }

  @Get('*')
  page(@Req() request: FastifyRequest, @Res() reply: FastifyReply): void {
    const file = this.files.find('index.html');
    if (!file) throw new OAuthError('not_found', { reason: 'console_not_built' });
    const html = file.plain.toString().replaceAll('"./assets/', `"${this.path}/assets/`);
    void reply.headers({ ...pageHeaders(), 'content-security-policy': consolePolicy });
    send({ ...file, plain: Buffer.from(html), gzip: undefined }, request, reply);
  }
}

function send({ type, plain, gzip }: ConsoleFile, request: FastifyRequest, reply: FastifyReply): void {
  const isGzip = gzip !== undefined && /\bgzip\b/.test(String(request.headers['accept-encoding']));
  void reply.header('vary', 'Accept-Encoding').type(type);
  if (isGzip) void reply.header('content-encoding', 'gzip');
  void reply.send(isGzip ? gzip : plain);
}
