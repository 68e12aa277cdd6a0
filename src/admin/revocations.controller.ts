import { Body, Get, Post, Query, Res } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import { ApiCreatedResponse, ApiOkResponse, ApiOperation } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import type { RevocationEntity } from '../revocation/revocation.entity.js';
import { RevocationService } from '../revocation/revocation.service.js';
import { BULK } from '../platform/http/deadline.js';
import { AdminController, ByAdmin, Needs } from './admin.guard.js';
import { Paging } from './paging.service.js';
import { PageQueryDto } from './paging.dto.js';
import { RevocationAdministration } from './revocation-administration.service.js';
import { RevocationOutcomeDto, RevocationPageDto, RevokeDto } from './revocation.dto.js';
import { showOutcome, showRevocation } from './revocation-representation.js';
import type { AuditOrigin } from '../platform/audit/audit-event.js';

@AdminController('revocations')
export class RevocationsController {
  constructor(
    private readonly administration: RevocationAdministration,
    private readonly revocations: RevocationService,
    private readonly paging: Paging,
  ) {}

  /** 201 means durably revoked, at once. */
  @Post()
  @RouteConfig(BULK)
  @Needs('rekey:revoke')
  @ApiOperation({ summary: 'Revokes an access token, a family, or everything of a subject, of a client, or at all' })
  @ApiCreatedResponse({ type: RevocationOutcomeDto })
  @ApiOkResponse({ type: RevocationOutcomeDto, description: 'After a dry run.' })
  async revoke(
    @Body() request: RevokeDto,
    @ByAdmin() admin: AuditOrigin,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<RevocationOutcomeDto> {
    const outcome = await this.administration.revoke(request, admin);
    void reply.status(outcome.done ? 201 : 200);
    return showOutcome(outcome);
  }

  @Get()
  @Needs('rekey:read')
  @ApiOperation({ summary: 'Lists the revocations that can still hit a token' })
  @ApiOkResponse({ type: RevocationPageDto })
  listRevocations(@Query() query: PageQueryDto): Promise<RevocationPageDto> {
    const list = {
      name: 'revocations',
      read: (limit: number, before?: string) => this.revocations.list(limit, before),
      positionOf: ({ id }: RevocationEntity) => id,
      toItem: showRevocation,
    };
    return this.paging.of(list, query);
  }
}
