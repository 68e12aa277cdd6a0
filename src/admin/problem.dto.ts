import { ApiProperty } from '@nestjs/swagger';
import type { FieldProblem } from '../platform/http/invalid-fields.js';
import type { ProblemDetails } from '../platform/http/error-answers.js';

export class FieldProblemDto implements FieldProblem {
  @ApiProperty({ example: 'refresh.idle_ttl_seconds' })
  field: string;

  @ApiProperty()
  detail: string;
}

export class ProblemDto implements ProblemDetails {
  @ApiProperty({ enum: ['about:blank'] })
  type: 'about:blank';

  @ApiProperty({ example: 'Bad Request' })
  title: string;

  @ApiProperty({ type: 'integer', example: 400 })
  status: number;

  @ApiProperty()
  detail: string;

  @ApiProperty({ example: 'invalid_request', description: 'A stable code for programs.' })
  code: string;

  @ApiProperty({ type: [FieldProblemDto], required: false, description: 'The fields that are missing or wrong.' })
  errors?: FieldProblemDto[];

  @ApiProperty({ description: 'Also in the log and the audit log.' })
  correlation_id: string;
}
