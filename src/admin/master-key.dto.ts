import { ApiProperty } from '@nestjs/swagger';
import { InstantField } from './field.dto.js';

export class MasterKeyDto {
  @ApiProperty({ description: 'Tells master keys apart; derived from the master key, one way.' })
  master_key_id: string;

  @ApiProperty({ description: 'Whether it is the `REKEY_SECRET` of the replica that answers.' })
  current: boolean;

  @InstantField({ description: 'When a process first started with it.' })
  created_at: string;

  @InstantField({ description: 'When a process last started with it as its `REKEY_SECRET`.' })
  last_started_at: string;
}

export class MasterKeyListDto {
  @ApiProperty({ type: [MasterKeyDto], description: 'Oldest first.' })
  items: MasterKeyDto[];
}
