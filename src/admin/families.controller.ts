import { Body, Get, Param, Post, Query } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiOperation } from '@nestjs/swagger';
import { FamiliesService } from '../families/families.service.js';
import type { TokenFamilyEntity } from '../families/token-family.entity.js';
import { Clock } from '../platform/time/clock.js';
import { AdminController, ByAdmin } from './admin.guard.js';
import { FamilyAdministration } from './family-administration.service.js';
import { showFamily } from './family-representation.js';
import { FamiliesQueryDto, FamilyDto, FamilyPageDto, StartedFamilyDto, StartFamilyDto } from './family.dto.js';
import { KnownNames } from './known-names.service.js';
import { Paging } from './paging.service.js';
import { IdPipe, notFound } from './path.pipe.js';
import type { AuditOrigin } from '../platform/audit/audit-event.js';

@AdminController('families')
export class FamiliesController {
  constructor(
    private readonly administration: FamilyAdministration,
    private readonly families: FamiliesService,
    private readonly paging: Paging,
    private readonly names: KnownNames,
    private readonly clock: Clock,
  ) {}

  @Post()
  @ApiOperation({ summary: 'Starts a family for a subject and returns its first refresh token' })
  @ApiCreatedResponse({ type: StartedFamilyDto })
  async startFamily(@Body() request: StartFamilyDto, @ByAdmin() admin: AuditOrigin): Promise<StartedFamilyDto> {
    const { sid, refreshToken, idleExpiresAt } = await this.administration.start(request, admin);
    return { sid, refresh_token: refreshToken, expires_at: new Date(idleExpiresAt).toISOString() };
  }

  @Get()
  @ApiOperation({ summary: 'Lists families, by subject, client and state' })
  @ApiOkResponse({ type: FamilyPageDto })
  async listFamilies(@Query() query: FamiliesQueryDto): Promise<FamilyPageDto> {
    const { subject, client_id, state } = query;
    const selection = {
      ...(subject !== undefined && { subject: await this.names.subject(subject) }),
      ...(client_id !== undefined && { clientId: client_id }),
    };
    const list = {
      name: 'families',
      read: (limit: number, before?: string) => this.families.list(selection, state, { limit, before }),
      positionOf: ({ sid }: TokenFamilyEntity) => sid,
      toItem: (family: TokenFamilyEntity) => showFamily(family, this.clock.now()),
    };
    const page = await this.paging.of(list, query);
    // The families of a deleted client are listed until they are cleaned up.
    if (client_id !== undefined && page.items.length === 0) await this.names.demandClient(client_id);
    return page;
  }

  @Get(':sid')
  @ApiOperation({ summary: 'Shows a family' })
  @ApiOkResponse({ type: FamilyDto })
  async readFamily(@Param('sid', IdPipe) sid: string): Promise<FamilyDto> {
    const [family] = await this.families.list({ sid }, undefined, { limit: 1 });
    if (!family) throw notFound();
    return showFamily(family, this.clock.now());
  }
}
