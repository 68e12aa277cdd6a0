import { Get, Param } from '@nestjs/common';
import { ApiOkResponse, ApiOperation } from '@nestjs/swagger';
import { Consents } from '../consent/consents.service.js';
import { formatScope } from '../oauth/scope.js';
import { AdminController, Needs } from './admin.guard.js';
import { NamePipe, UserPipe } from './path.pipe.js';
import { ConsentListDto } from './user-session.dto.js';

@AdminController('users/:user/consents')
export class UserConsentsController {
  constructor(private readonly consents: Consents) {}

  @Get()
  @Needs('rekey:read')
  @ApiOperation({ summary: 'Lists the consents of a user' })
  @ApiOkResponse({ type: ConsentListDto })
  async listConsents(@Param('user', NamePipe, UserPipe) subject: string): Promise<ConsentListDto> {
    const consents = await this.consents.list(subject);
    return {
      items: consents.map(({ clientId, scope, grantedAt }) => ({
        client_id: clientId,
        scope: formatScope(scope),
        granted_at: grantedAt.toISOString(),
      })),
    };
  }
}
