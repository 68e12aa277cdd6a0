import { ApiProperty } from '@nestjs/swagger';
import { FlagField } from './field.dto.js';

export class UpdateSubjectDto {
  @FlagField({
    description:
      'Disabling revokes the access tokens at once and suspends the families; enabling resumes the families.',
  })
  disabled: boolean;
}

export class SubjectDto {
  @ApiProperty()
  subject: string;

  @ApiProperty()
  disabled: boolean;
}
