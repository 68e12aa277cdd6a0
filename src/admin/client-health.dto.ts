import { ApiProperty } from '@nestjs/swagger';
import { InstantField } from './field.dto.js';

export class ClientHealthQueryDto {
  @InstantField({ required: false, description: 'By default a day before `to`; at most 31 days before it.' })
  from?: string;

  @InstantField({ required: false, description: 'Before, not at. By default now.' })
  to?: string;
}

const integer = (description: string) => ApiProperty({ type: 'integer', description });

class HealthDelayDto {
  @ApiProperty({ type: 'integer', required: false, description: 'Upper bound; absent for more than a day.' })
  up_to_seconds?: number;

  @integer('Tokens that came again within the grace period.')
  retries: number;

  @integer('Tokens that came again later.')
  late: number;
}

class HealthPointDto {
  @InstantField({ description: 'The start of the step.' })
  at: string;

  @integer('Refreshes.')
  refreshes: number;

  @integer('Retries.')
  retries: number;

  @integer('Stale tokens and reuses.')
  late: number;

  @integer('Other refusals.')
  refused: number;
}

export class ClientHealthDto {
  @ApiProperty()
  client_id: string;

  @InstantField()
  from: string;

  @InstantField()
  to: string;

  @integer('Refreshes that issued new tokens.')
  refreshes: number;

  @integer('Tokens that were presented again within the grace period.')
  retries: number;

  @integer('Superseded tokens that were refused without ending the family.')
  stale: number;

  @integer('Superseded tokens that were taken for stolen; with `report_only` nothing ended.')
  reuse: number;

  @ApiProperty({ type: 'object', additionalProperties: { type: 'integer' }, description: 'Other refusals by reason.' })
  refused: Record<string, number>;

  @ApiProperty({ type: 'number', description: 'The share of presented tokens that came after the grace period.' })
  late_share: number;

  @ApiProperty({ type: [HealthDelayDto], description: 'Between supersession and replay, where it is known.' })
  delays: HealthDelayDto[];

  @integer('The grace period of the client now.')
  retry_window_seconds: number;

  @ApiProperty({
    type: 'integer',
    required: false,
    description: 'The grace period that would cover 99.9 % of the presented tokens, where a longer one helps.',
  })
  suggested_retry_window_seconds?: number;

  @integer('The length of a step of `points`.')
  step_seconds: number;

  @ApiProperty({ type: [HealthPointDto], description: 'In steps, oldest first; steps without a refresh are left out.' })
  points: HealthPointDto[];
}
