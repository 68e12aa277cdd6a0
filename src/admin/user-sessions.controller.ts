import { Delete, Get, HttpCode, Param } from '@nestjs/common';
import { ApiNoContentResponse, ApiOkResponse, ApiOperation } from '@nestjs/swagger';
import type { LoginSession } from '../sessions/login-session.js';
import { LoginSessions } from '../sessions/login-sessions.service.js';
import { SignOut } from '../sign-out/sign-out.service.js';
import { AdminController, ByAdmin, Needs, type Admin } from './admin.guard.js';
import { IdPipe, NamePipe, notFound, UserPipe } from './path.pipe.js';
import { LoginSessionListDto, type LoginSessionDto } from './user-session.dto.js';

@AdminController('users/:user/sessions')
export class UserSessionsController {
  constructor(
    private readonly sessions: LoginSessions,
    private readonly signOut: SignOut,
  ) {}

  @Get()
  @Needs('rekey:read')
  @ApiOperation({ summary: 'Lists where a user is signed in' })
  @ApiOkResponse({ type: LoginSessionListDto })
  async listSessions(@Param('user', NamePipe, UserPipe) subject: string): Promise<LoginSessionListDto> {
    return { items: (await this.sessions.list(subject)).map(showSession) };
  }

  @Delete(':session_id')
  @Needs('rekey:users')
  @HttpCode(204)
  @ApiOperation({
    summary: 'Signs a user out in one browser. Ends what grew from that sign-in without `offline_access`',
  })
  @ApiNoContentResponse()
  async endSession(
    @Param('user', NamePipe, UserPipe) subject: string,
    @Param('session_id', IdPipe) id: string,
    @ByAdmin() admin: Admin,
  ): Promise<void> {
    const session = await this.sessions.find(id);
    if (session?.subject !== subject) throw notFound();
    await this.signOut.signOut(session, 'admin_request', admin);
  }
}

const showSession = ({ id, source, userAgent, createdAt, lastUsedAt, expiresAt }: LoginSession): LoginSessionDto => ({
  session_id: id,
  source,
  ...(userAgent && { user_agent: userAgent }),
  created_at: new Date(createdAt).toISOString(),
  last_used_at: new Date(lastUsedAt).toISOString(),
  expires_at: new Date(expiresAt).toISOString(),
});
