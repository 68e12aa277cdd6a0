import { Controller, Get, Header, HttpCode, Options, Post, UseGuards } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { AccessToken } from '../../issuance/access-token.js';
import { Admitted, UserinfoGuard } from './userinfo.guard.js';
import { UserinfoService, type Userinfo } from './userinfo.service.js';

/** The userinfo endpoint (OpenID Connect Core §5.3). */
@ApiExcludeController()
@Controller('userinfo')
export class UserinfoController {
  constructor(private readonly userinfo: UserinfoService) {}

  @Get()
  @UseGuards(UserinfoGuard)
  read(@Admitted() token: AccessToken): Promise<Userinfo> {
    return this.userinfo.of(token);
  }

  @Post()
  @HttpCode(200)
  @UseGuards(UserinfoGuard)
  ask(@Admitted() token: AccessToken): Promise<Userinfo> {
    return this.userinfo.of(token);
  }

  /** The CORS preflight for the Authorization header (Fetch §4.8). */
  @Options()
  @HttpCode(204)
  @Header('Access-Control-Allow-Origin', '*')
  @Header('Access-Control-Allow-Methods', 'GET, POST')
  @Header('Access-Control-Allow-Headers', 'Authorization')
  @Header('Access-Control-Max-Age', '7200')
  preflight(): void {}
}
