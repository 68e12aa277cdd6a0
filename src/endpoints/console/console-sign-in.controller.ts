import { Controller, Get, Req, Res, UseGuards } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { queryOf } from '../../platform/http/request-context.js';
import { callerOf } from './caller.js';
import { ConsoleGuard } from './console.guard.js';
import { ConsoleSignIn, type Step } from './console-sign-in.service.js';

/** Sign-in to the console. */
@ApiExcludeController()
@Controller('console')
@UseGuards(ConsoleGuard)
export class ConsoleSignInController {
  constructor(private readonly signIn: ConsoleSignIn) {}

  @Get('sign-in')
  async begin(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    goOn(await this.signIn.begin(queryOf(request.url)), reply);
  }

  @Get('callback')
  async complete(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    goOn(await this.signIn.complete(queryOf(request.url), request.headers.cookie, callerOf(request)), reply);
  }
}

function goOn({ location, cookies }: Step, reply: FastifyReply): void {
  for (const cookie of cookies) void reply.header('set-cookie', cookie);
  void reply.redirect(location, 302);
}
