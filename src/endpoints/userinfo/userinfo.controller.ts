import { Controller, Get, HttpCode, Post, Req } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import type { AccessToken } from '../../issuance/access-token.js';
import { Admitted, RequireAccessToken } from '../../issuance/bearer.guard.js';
import { OPENID } from '../../oauth/scope.js';
import { UserinfoService, type Userinfo } from './userinfo.service.js';

/** In the header or a form. */
const RequireOpenid = () => RequireAccessToken({ scope: OPENID, mayBeInForm: true });

/** The userinfo endpoint (OpenID Connect Core §5.3). */
@ApiExcludeController()
@Controller('userinfo')
export class UserinfoController {
  constructor(private readonly userinfo: UserinfoService) {}

  @Get()
  @RequireOpenid()
  read(@Admitted() token: AccessToken, @Req() { scriptOrigin }: FastifyRequest): Promise<Userinfo> {
    return this.userinfo.of(token, scriptOrigin);
  }

  @Post()
  @HttpCode(200)
  @RequireOpenid()
  ask(@Admitted() token: AccessToken, @Req() { scriptOrigin }: FastifyRequest): Promise<Userinfo> {
    return this.userinfo.of(token, scriptOrigin);
  }
}
