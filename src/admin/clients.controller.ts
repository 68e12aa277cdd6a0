import { Body, Delete, Get, HttpCode, Param, Patch, Post, Query, Req } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import { ApiCreatedResponse, ApiNoContentResponse, ApiOkResponse, ApiOperation } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import type { ClientEntity } from '../clients/client.entity.js';
import { ClientsService } from '../clients/clients.service.js';
import { BULK } from '../platform/http/deadline.js';
import { AdminController, ByAdmin, Needs, type Admin } from './admin.guard.js';
import { ClientAdministration } from './client-administration.service.js';
import { ClientHealthDto, ClientHealthQueryDto } from './client-health.dto.js';
import { ClientHealthReports } from './client-health.service.js';
import { showClient } from './client-representation.js';
import { ClientDto, ClientPageDto, CreateClientDto, RegisteredClientDto, UpdateClientDto } from './client.dto.js';
import { Paging } from './paging.service.js';
import { PageQueryDto } from './paging.dto.js';
import { NamePipe } from './path.pipe.js';

@AdminController('clients')
export class ClientsController {
  constructor(
    private readonly administration: ClientAdministration,
    private readonly clients: ClientsService,
    private readonly paging: Paging,
    private readonly health: ClientHealthReports,
  ) {}

  @Post()
  @Needs('rekey:clients')
  @ApiOperation({ summary: 'Registers a client' })
  @ApiCreatedResponse({ type: RegisteredClientDto })
  async registerClient(
    @Body() request: CreateClientDto,
    @ByAdmin() admin: Admin,
    @Req() http: FastifyRequest,
  ): Promise<RegisteredClientDto> {
    const { client, secret } = await this.administration.register(request, admin);
    hintAt(client, http);
    const isNew = request.client_secret === undefined && request.client_secret_hash === undefined;
    return {
      ...showClient(client),
      ...(secret && { secret_id: secret.secretId, ...(isNew && { client_secret: secret.secret }) }),
    };
  }

  @Get()
  @Needs('rekey:read')
  @ApiOperation({ summary: 'Lists the clients, by id' })
  @ApiOkResponse({ type: ClientPageDto })
  listClients(@Query() query: PageQueryDto): Promise<ClientPageDto> {
    const list = {
      name: 'clients',
      read: (limit: number, after?: string) => this.clients.list(limit, after),
      positionOf: ({ clientId }: { clientId: string }) => clientId,
      toItem: showClient,
    };
    return this.paging.of(list, query);
  }

  @Get(':client_id')
  @Needs('rekey:read')
  @ApiOperation({ summary: 'Shows a client' })
  @ApiOkResponse({ type: ClientDto })
  async readClient(@Param('client_id', NamePipe) clientId: string): Promise<ClientDto> {
    return showClient(await this.administration.find(clientId));
  }

  @Get(':client_id/health')
  @Needs('rekey:read')
  @ApiOperation({
    summary:
      'Shows how well a client refreshes: retries, late and refused tokens, and the grace period that would help',
    description: 'Counted as it happens and at most ten seconds old; kept for 35 days.',
  })
  @ApiOkResponse({ type: ClientHealthDto })
  readClientHealth(
    @Param('client_id', NamePipe) clientId: string,
    @Query() query: ClientHealthQueryDto,
  ): Promise<ClientHealthDto> {
    return this.health.read(clientId, query);
  }

  @Patch(':client_id')
  @RouteConfig(BULK)
  @Needs('rekey:clients')
  @ApiOperation({ summary: 'Changes the given members of a client' })
  @ApiOkResponse({ type: ClientDto })
  async updateClient(
    @Param('client_id', NamePipe) clientId: string,
    @Body() request: UpdateClientDto,
    @ByAdmin() admin: Admin,
    @Req() http: FastifyRequest,
  ): Promise<ClientDto> {
    const client = await this.administration.update(clientId, request, admin);
    hintAt(client, http);
    return showClient(client);
  }

  @Delete(':client_id')
  @RouteConfig(BULK)
  @Needs('rekey:clients')
  @HttpCode(204)
  @ApiOperation({ summary: 'Deletes a client and revokes its families and access tokens. Its id stays taken' })
  @ApiNoContentResponse()
  async deleteClient(@Param('client_id', NamePipe) clientId: string, @ByAdmin() admin: Admin): Promise<void> {
    await this.administration.delete(clientId, admin);
  }
}

function hintAt({ rotation, retryWindowSeconds }: ClientEntity, request: FastifyRequest): void {
  if (rotation !== 'never' && retryWindowSeconds === 0)
    request.outcome = { ...request.outcome, hint: 'no_grace_period' };
}
