import { ApiProperty } from '@nestjs/swagger';
import { refreshDecisions, refreshRules, type RefreshDecision, type RefreshRule } from '../refresh/explanation.js';
import { AuditEventDto } from './audit.dto.js';
import { ChoiceField, InstantField, SecretField, TextField, UuidField } from './field.dto.js';

export class ExplainDto {
  @SecretField({
    max: 4096,
    required: false,
    description: 'A refresh token. It is judged as if its own client sent it now, and is neither used nor stored.',
  })
  token?: string;

  @TextField({ max: 100, required: false, description: 'Instead of a token: the `X-Correlation-Id` of a response.' })
  correlation_id?: string;
}

const outcomes = ['passed', 'failed', 'not_reached'] as const;

class ExplainedStepDto {
  @ChoiceField(refreshRules)
  rule: RefreshRule;

  @ChoiceField(outcomes)
  outcome: (typeof outcomes)[number];
}

export class ExplanationDto {
  @ApiProperty({ description: 'One sentence for people.' })
  summary: string;

  @ChoiceField(['accepted', 'refused', 'none'], { description: '`none`: the request decided nothing.' })
  decision: 'accepted' | 'refused' | 'none';

  @ChoiceField(refreshDecisions, { required: false, description: 'Absent for a request that is not a refresh.' })
  verdict?: RefreshDecision;

  @ApiProperty({ required: false, description: 'Why the family ended, or the reason in the audit log.' })
  reason?: string;

  @ChoiceField(refreshRules, { required: false, description: 'The rule that refused it.' })
  refused_by?: RefreshRule;

  @InstantField({ description: 'When it was judged: now for a token, then for a request.' })
  at: string;

  @UuidField({ required: false })
  family_id?: string;

  @ApiProperty({ required: false })
  client_id?: string;

  @ApiProperty({ required: false })
  subject?: string;

  @ApiProperty({ required: false, type: 'integer', description: 'The generation of the token.' })
  generation?: number;

  @ApiProperty({ required: false, type: 'integer', description: 'The generation of its family.' })
  current_generation?: number;

  @InstantField({ required: false, description: 'When the next generation replaced this one.' })
  superseded_at?: string;

  @ApiProperty({ required: false, type: 'number', description: 'The grace period.' })
  retry_window_seconds?: number;

  @ApiProperty({ type: [ExplainedStepDto], description: 'The rules of a refresh, in order.' })
  steps: ExplainedStepDto[];

  @ApiProperty({ type: [String], description: 'What would have helped, or will.' })
  help: string[];

  @ApiProperty({ required: false, description: 'The reuse for which the family was revoked.' })
  cause?: AuditEventDto;

  @ApiProperty({ type: [AuditEventDto], description: 'The audit events of the request, oldest first.' })
  events: AuditEventDto[];
}
