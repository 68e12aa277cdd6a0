import { Body, Delete, Get, HttpCode, Param, Post } from '@nestjs/common';
import { ApiNoContentResponse, ApiOkResponse, ApiOperation } from '@nestjs/swagger';
import { KeyInventory, type SigningKeyEntry } from '../keys/key-inventory.service.js';
import type { KeyChange } from '../keys/key-rotation.service.js';
import { AdminController, ByAdmin, Needs } from './admin.guard.js';
import { KeyAdministration } from './key-administration.service.js';
import { KeyRotationDto, RotateKeysDto, SigningKeyListDto, type KeyChangeDto, type SigningKeyDto } from './key.dto.js';
import { NamePipe } from './path.pipe.js';
import type { AuditOrigin } from '../platform/audit/audit-event.js';

@AdminController('keys')
export class KeysController {
  constructor(
    private readonly administration: KeyAdministration,
    private readonly inventory: KeyInventory,
  ) {}

  @Get()
  @Needs('rekey:read')
  @ApiOperation({ summary: 'Lists the signing keys' })
  @ApiOkResponse({ type: SigningKeyListDto })
  async listKeys(): Promise<SigningKeyListDto> {
    return { items: (await this.inventory.list()).map(showKey) };
  }

  @Post('rotations')
  @Needs('rekey:keys')
  @HttpCode(200)
  @ApiOperation({ summary: 'Rotates the signing keys ahead of schedule' })
  @ApiOkResponse({ type: KeyRotationDto })
  async rotateKeys(
    @Body() { immediately = false, algorithm }: RotateKeysDto,
    @ByAdmin() admin: AuditOrigin,
  ): Promise<KeyRotationDto> {
    const changes = await this.administration.rotate({ immediately, algorithm }, admin);
    return { changes: changes.flatMap(showChange) };
  }

  @Delete(':kid')
  @Needs('rekey:keys')
  @HttpCode(204)
  @ApiOperation({ summary: 'Retires a leaked signing key: tokens that it signed are refused' })
  @ApiNoContentResponse()
  async retireKey(@Param('kid', NamePipe) kid: string, @ByAdmin() admin: AuditOrigin): Promise<void> {
    await this.administration.retire(kid, admin);
  }
}

type NewKey = Extract<KeyChange, { algorithm: unknown }>;

const showKey = ({ kid, algorithm, state, activeFrom, verifiesUntil }: SigningKeyEntry): SigningKeyDto => ({
  kid,
  algorithm,
  state,
  active_from: new Date(activeFrom).toISOString(),
  ...(verifiesUntil !== undefined && { verifies_until: new Date(verifiesUntil).toISOString() }),
});

const showNewKey = ({ change, kid, algorithm, activeFrom }: NewKey): KeyChangeDto => ({
  change,
  kid,
  algorithm,
  active_from: new Date(activeFrom).toISOString(),
});

function showChange(change: KeyChange): KeyChangeDto[] {
  switch (change.change) {
    case 'signing_key_created':
    case 'signing_key_activated':
      return [showNewKey(change)];
    case 'signing_key_retired':
    case 'signing_key_deleted':
      return [{ change: change.change, kid: change.kid }];
    case 'token_key_created':
    case 'token_key_deleted':
      return []; // token keys are internal
  }
}
