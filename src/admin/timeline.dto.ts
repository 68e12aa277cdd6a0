import { ApiProperty } from '@nestjs/swagger';
import { forkSuspects, type ForkSuspect } from '../refresh/fork.js';
import { AuditEventDto } from './audit.dto.js';
import { FamilyDto } from './family.dto.js';
import { ChoiceField, InstantField } from './field.dto.js';
import { PageDto } from './paging.dto.js';

class TimelineEntryDto extends AuditEventDto {
  @ApiProperty({
    required: false,
    type: 'integer',
    description: 'The generation of the token that was presented, where it did not lead to a new one.',
  })
  presented_generation?: number;
}

class ForkDto {
  @ChoiceField(forkSuspects, {
    description:
      'Which branch looks like the thief’s: the `replay` of the superseded token, its `successor`, `none` (both look like one client), or `unknown`.',
  })
  suspect: ForkSuspect;

  @ApiProperty({ type: 'integer', description: 'The generation that was presented a second time.' })
  generation: number;

  @InstantField({ required: false })
  superseded_at?: string;

  @InstantField()
  replayed_at: string;

  @ApiProperty({ type: [String], description: 'Addresses, agents, time and order, in sentences.' })
  evidence: string[];
}

export class TimelineDto extends PageDto {
  @ApiProperty()
  family: FamilyDto;

  @ApiProperty({ required: false, description: 'Present if a superseded token was presented after its grace period.' })
  fork?: ForkDto;

  @ApiProperty({ type: [TimelineEntryDto], description: 'Newest first.' })
  items: TimelineEntryDto[];
}
