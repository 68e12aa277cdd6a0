import { Delete, Get, HttpCode, Param } from '@nestjs/common';
import { ApiNoContentResponse, ApiOkResponse, ApiOperation } from '@nestjs/swagger';
import { MasterKeys, type MasterKeyEntry } from '../keys/master-keys.service.js';
import type { AuditOrigin } from '../platform/audit/audit-event.js';
import { InvalidFields } from '../platform/http/invalid-fields.js';
import { AdminController, ByAdmin, Needs } from './admin.guard.js';
import { MasterKeyListDto, type MasterKeyDto } from './master-key.dto.js';
import { NamePipe, notFound } from './path.pipe.js';

@AdminController('master-keys')
export class MasterKeysController {
  constructor(private readonly masterKeys: MasterKeys) {}

  @Get()
  @Needs('rekey:keys')
  @ApiOperation({ summary: 'Lists the master keys that open the database' })
  @ApiOkResponse({ type: MasterKeyListDto })
  async listMasterKeys(): Promise<MasterKeyListDto> {
    return { items: (await this.masterKeys.list()).map(showMasterKey) };
  }

  @Delete(':master_key_id')
  @Needs('rekey:keys')
  @HttpCode(204)
  @ApiOperation({ summary: 'Retires a master key: no process can start with it any more' })
  @ApiNoContentResponse()
  async retireMasterKey(@Param('master_key_id', NamePipe) id: string, @ByAdmin() admin: AuditOrigin): Promise<void> {
    const outcome = await this.masterKeys.retire(id, admin);
    if (outcome === 'unknown') throw notFound();
    if (outcome !== 'retired') throw new InvalidFields([{ field: 'master_key_id', detail: REFUSALS[outcome] }]);
  }
}

const REFUSALS = {
  current: 'master_key_id is that of the REKEY_SECRET of the replica that answers: start it with another one first',
  locked_out:
    'master_key_id is the last that opens the database: the REKEY_SECRET of the replica that answers was retired',
} as const;

const showMasterKey = ({ id, isCurrent, createdAt, lastStartedAt }: MasterKeyEntry): MasterKeyDto => ({
  master_key_id: id,
  current: isCurrent,
  created_at: createdAt.toISOString(),
  last_started_at: lastStartedAt.toISOString(),
});
