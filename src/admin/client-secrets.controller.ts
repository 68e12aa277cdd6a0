import { Body, Delete, Get, HttpCode, Param, Post } from '@nestjs/common';
import { ApiCreatedResponse, ApiNoContentResponse, ApiOkResponse, ApiOperation } from '@nestjs/swagger';
import { ClientsService } from '../clients/clients.service.js';
import { AdminController, ByAdmin, Needs, type Admin } from './admin.guard.js';
import { ClientAdministration } from './client-administration.service.js';
import { AddedSecretDto, AddSecretDto, SecretListDto } from './client-secret.dto.js';
import { IdPipe, NamePipe } from './path.pipe.js';

@AdminController('clients/:client_id/secrets')
export class ClientSecretsController {
  constructor(
    private readonly administration: ClientAdministration,
    private readonly clients: ClientsService,
  ) {}

  @Post()
  @Needs('rekey:clients')
  @ApiOperation({ summary: 'Adds a secret; the existing ones stay valid' })
  @ApiCreatedResponse({ type: AddedSecretDto })
  async addSecret(
    @Param('client_id', NamePipe) clientId: string,
    @Body() request: AddSecretDto,
    @ByAdmin() admin: Admin,
  ): Promise<AddedSecretDto> {
    const { secretId, secret, expiresAt } = await this.administration.addSecret(clientId, request, admin);
    return { secret_id: secretId, client_secret: secret, ...(expiresAt && { expires_at: expiresAt.toISOString() }) };
  }

  @Get()
  @Needs('rekey:read')
  @ApiOperation({ summary: 'Lists the secrets of a client, without their values' })
  @ApiOkResponse({ type: SecretListDto })
  async listSecrets(@Param('client_id', NamePipe) clientId: string): Promise<SecretListDto> {
    await this.administration.find(clientId);
    const secrets = await this.clients.listSecrets(clientId);
    return {
      items: secrets.map(({ secretId, createdAt, expiresAt, lastUsedAt, imported }) => ({
        secret_id: secretId,
        created_at: createdAt.toISOString(),
        ...(expiresAt && { expires_at: expiresAt.toISOString() }),
        ...(lastUsedAt && { last_used_at: lastUsedAt.toISOString() }),
        imported,
      })),
    };
  }

  @Delete(':secret_id')
  @Needs('rekey:clients')
  @HttpCode(204)
  @ApiOperation({ summary: 'Deletes a secret, which stops working at once' })
  @ApiNoContentResponse()
  async deleteSecret(
    @Param('client_id', NamePipe) clientId: string,
    @Param('secret_id', IdPipe) secretId: string,
    @ByAdmin() admin: Admin,
  ): Promise<void> {
    await this.administration.deleteSecret(clientId, secretId, admin);
  }
}
