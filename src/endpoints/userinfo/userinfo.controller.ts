import { Controller, Get, Header, HttpCode, Options, Post } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { AccessToken } from '../../issuance/access-token.js';
import { Admitted, RequireAccessToken } from '../../issuance/bearer.guard.js';
import { OPENID } from '../../oauth/scope.js';
import { UserinfoService, type Userinfo } from './userinfo.service.js';

/** In the header or a form. Scripts of any origin may call, for clients in the browser (§5.3): no cookie is read. */
const RequireOpenid = () => RequireAccessToken({ scope: OPENID, mayBeInForm: true, isForScripts: true });

/** The userinfo endpoint (OpenID Connect Core §5.3). */
@ApiExcludeController()
@Controller('userinfo')
export class UserinfoController {
  constructor(private readonly userinfo: UserinfoService) {}

  @Get()
  @RequireOpenid()
  read(@Admitted() token: AccessToken): Promise<Userinfo> {
    return this.userinfo.of(token);
  }

  @Post()
  @HttpCode(200)
  @RequireOpenid()
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
