import { Body, Delete, Get, HttpCode, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiCreatedResponse, ApiNoContentResponse, ApiOkResponse, ApiOperation } from '@nestjs/swagger';
import type { AuditOrigin } from '../platform/audit/audit-event.js';
import { ScopesService } from '../scopes/scopes.service.js';
import { AdminController, ByAdmin, Needs } from './admin.guard.js';
import { PageQueryDto } from './paging.dto.js';
import { Paging } from './paging.service.js';
import { NamePipe } from './path.pipe.js';
import { ScopeAdministration } from './scope-administration.service.js';
import { CreateScopeDto, ScopeDto, ScopePageDto, UpdateScopeDto } from './scope.dto.js';
import { showScope } from './scope-representation.js';

@AdminController('scopes')
export class ScopesController {
  constructor(
    private readonly administration: ScopeAdministration,
    private readonly scopes: ScopesService,
    private readonly paging: Paging,
  ) {}

  @Post()
  @Needs('rekey:clients')
  @ApiOperation({ summary: 'Defines a scope: its texts, the claims that it releases, and where to' })
  @ApiCreatedResponse({ type: ScopeDto })
  async defineScope(@Body() request: CreateScopeDto, @ByAdmin() admin: AuditOrigin): Promise<ScopeDto> {
    return showScope(await this.administration.define(request, admin));
  }

  @Get()
  @Needs('rekey:read')
  @ApiOperation({ summary: 'Lists the scopes that are defined here, by name' })
  @ApiOkResponse({ type: ScopePageDto })
  listScopes(@Query() query: PageQueryDto): Promise<ScopePageDto> {
    const list = {
      name: 'scopes',
      read: (limit: number, after?: string) => this.scopes.list(limit, after),
      positionOf: ({ name }: { name: string }) => name,
      toItem: showScope,
    };
    return this.paging.of(list, query);
  }

  @Get(':scope')
  @Needs('rekey:read')
  @ApiOperation({ summary: 'Shows a scope' })
  @ApiOkResponse({ type: ScopeDto })
  async readScope(@Param('scope', NamePipe) name: string): Promise<ScopeDto> {
    return showScope(await this.administration.find(name));
  }

  @Patch(':scope')
  @Needs('rekey:clients')
  @ApiOperation({
    summary: 'Changes the given members of a scope',
    description: 'Users who have consented to the scope are not asked again.',
  })
  @ApiOkResponse({ type: ScopeDto })
  async updateScope(
    @Param('scope', NamePipe) name: string,
    @Body() request: UpdateScopeDto,
    @ByAdmin() admin: AuditOrigin,
  ): Promise<ScopeDto> {
    return showScope(await this.administration.update(name, request, admin));
  }

  @Delete(':scope')
  @Needs('rekey:clients')
  @HttpCode(204)
  @ApiOperation({ summary: 'Deletes a scope that no client has' })
  @ApiNoContentResponse()
  async deleteScope(@Param('scope', NamePipe) name: string, @ByAdmin() admin: AuditOrigin): Promise<void> {
    await this.administration.delete(name, admin);
  }
}
