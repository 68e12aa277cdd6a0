import { Body, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import {
  ApiBody,
  ApiCreatedResponse,
  ApiExtraModels,
  ApiOkResponse,
  ApiOperation,
  getSchemaPath,
} from '@nestjs/swagger';
import { FamiliesService } from '../families/families.service.js';
import type { TokenFamilyEntity } from '../families/token-family.entity.js';
import { Clock } from '../platform/time/clock.js';
import { BULK } from '../platform/http/deadline.js';
import { AdminController, ByAdmin, Needs } from './admin.guard.js';
import { FamilyAdministration } from './family-administration.service.js';
import { showFamily, showImportedFamily } from './family-representation.js';
import {
  AdoptFamilyDto,
  FamiliesQueryDto,
  FamilyDto,
  FamilyPageDto,
  ImportedFamiliesDto,
  StartedFamilyDto,
} from './family.dto.js';
import { FamilyTimelines } from './family-timeline.service.js';
import { TimelineDto } from './timeline.dto.js';
import { PageQueryDto } from './paging.dto.js';
import { KnownNames } from './known-names.service.js';
import { Paging } from './paging.service.js';
import { IdPipe, notFound } from './path.pipe.js';
import type { AuditOrigin } from '../platform/audit/audit-event.js';

const LIST_OF_FAMILIES = { type: 'array', items: { $ref: getSchemaPath(AdoptFamilyDto) } };

@AdminController('families')
@ApiExtraModels(AdoptFamilyDto)
export class FamiliesController {
  constructor(
    private readonly administration: FamilyAdministration,
    private readonly families: FamiliesService,
    private readonly paging: Paging,
    private readonly names: KnownNames,
    private readonly timelines: FamilyTimelines,
    private readonly clock: Clock,
  ) {}

  @Post()
  @Needs('rekey:admin')
  @ApiOperation({
    summary: 'Starts a family for a subject and returns its first refresh token, or adopts one of another server',
  })
  @ApiCreatedResponse({ type: StartedFamilyDto })
  async startFamily(@Body() request: AdoptFamilyDto, @ByAdmin() admin: AuditOrigin): Promise<StartedFamilyDto> {
    if (isAdoption(request)) {
      const { familyId, idleExpiresAt } = await this.administration.adopt(request, admin);
      return { family_id: familyId, expires_at: idleExpiresAt.toISOString() };
    }
    const { familyId, refreshToken, idleExpiresAt } = await this.administration.start(request, admin);
    return { family_id: familyId, refresh_token: refreshToken, expires_at: new Date(idleExpiresAt).toISOString() };
  }

  /** Always 200: the response has the outcome of each family. */
  @Post('import')
  @RouteConfig(BULK)
  @Needs('rekey:admin')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Adopts families of another server with their refresh tokens',
    description: 'Tokens that were imported before are left unchanged, so the same families may be imported again.',
  })
  @ApiBody({ schema: { oneOf: [LIST_OF_FAMILIES, { type: 'object', properties: { families: LIST_OF_FAMILIES } }] } })
  @ApiOkResponse({ type: ImportedFamiliesDto })
  async importFamilies(@Body() body: unknown, @ByAdmin() admin: AuditOrigin): Promise<ImportedFamiliesDto> {
    return { results: (await this.administration.import(body, admin)).map(showImportedFamily) };
  }

  @Get()
  @Needs('rekey:read')
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
      positionOf: ({ familyId }: TokenFamilyEntity) => familyId,
      toItem: (family: TokenFamilyEntity) => showFamily(family, this.clock.now()),
    };
    const page = await this.paging.of(list, query);
    // The families of a deleted client are listed until they are cleaned up.
    if (client_id !== undefined && page.items.length === 0) await this.names.demandClient(client_id);
    return page;
  }

  @Get(':family_id')
  @Needs('rekey:read')
  @ApiOperation({ summary: 'Shows a family' })
  @ApiOkResponse({ type: FamilyDto })
  async readFamily(@Param('family_id', IdPipe) familyId: string): Promise<FamilyDto> {
    const [family] = await this.families.list({ familyId }, undefined, { limit: 1 });
    if (!family) throw notFound();
    return showFamily(family, this.clock.now());
  }

  @Get(':family_id/timeline')
  @Needs('rekey:read')
  @ApiOperation({
    summary: 'Shows what happened to a family, from where, and where it forked',
    description: 'From the audit log: empty without it, and only as far back as it is kept.',
  })
  @ApiOkResponse({ type: TimelineDto })
  readTimeline(@Param('family_id', IdPipe) familyId: string, @Query() query: PageQueryDto): Promise<TimelineDto> {
    return this.timelines.read(familyId, query);
  }
}

const isAdoption = ({ refresh_token, refresh_token_sha256, idle_expires_at, absolute_expires_at }: AdoptFamilyDto) =>
  [refresh_token, refresh_token_sha256, idle_expires_at, absolute_expires_at].some((value) => value !== undefined);
