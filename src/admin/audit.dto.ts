import { ApiProperty } from '@nestjs/swagger';
import { auditEventNames, type AuditEventName } from '../platform/audit/audit-event.js';
import { MAX_SUBJECT_CHARACTERS } from '../oauth/subject.js';
import { ChoiceField, InstantField, TextField, UuidField } from './field.dto.js';
import { PageDto, PageQueryDto } from './paging.dto.js';

export class AuditQueryDto extends PageQueryDto {
  @TextField({ max: MAX_SUBJECT_CHARACTERS, required: false, description: 'The subject, or the username of a user.' })
  subject?: string;

  @TextField({ max: 255, required: false })
  client_id?: string;

  @UuidField({ required: false })
  family_id?: string;

  @UuidField({ required: false, description: 'The login session.' })
  sid?: string;

  @ChoiceField(auditEventNames, { required: false })
  event?: AuditEventName;

  @TextField({ max: 100, required: false })
  correlation_id?: string;

  @TextField({ max: 300, required: false, description: 'Who did it.', example: 'client:operations' })
  actor?: string;

  @TextField({ max: 200, required: false })
  reason?: string;

  @TextField({ max: 50, required: false, description: 'The address, as the events show it.' })
  source?: string;

  @InstantField({ required: false })
  from?: string;

  @InstantField({ required: false, description: 'Before, not at.' })
  to?: string;
}

export class AuditEventDto {
  @ApiProperty({ description: 'Grows with time.' })
  id: string;

  @InstantField()
  at: string;

  @ChoiceField(auditEventNames)
  event: AuditEventName;

  @ApiProperty({ required: false })
  reason?: string;

  @ApiProperty({ required: false })
  client_id?: string;

  @ApiProperty({ required: false })
  subject?: string;

  @ApiProperty({ required: false, format: 'uuid' })
  family_id?: string;

  @ApiProperty({ required: false, format: 'uuid', description: 'The login session.' })
  sid?: string;

  @ApiProperty({ required: false, description: 'The id of the request, which its response has in X-Correlation-Id.' })
  correlation_id?: string;

  @ApiProperty({
    required: false,
    description: 'Who did it, if not the client itself.',
    example: 'client:operations',
  })
  actor?: string;

  @ApiProperty({ required: false, description: 'The address of the request, or its network.', example: '192.0.2.7' })
  source?: string;

  @ApiProperty({ required: false, description: 'The user agent family of the request.', example: 'okhttp/4' })
  agent?: string;

  @ApiProperty({ required: false, type: 'integer', description: 'The generation of the family after the event.' })
  generation?: number;

  @ApiProperty({ required: false, type: Object })
  detail?: Record<string, unknown>;
}

export class AuditPageDto extends PageDto {
  @ApiProperty({ type: [AuditEventDto], description: 'Newest first.' })
  items: AuditEventDto[];
}
