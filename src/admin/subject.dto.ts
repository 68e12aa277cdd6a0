import { ApiProperty } from '@nestjs/swagger';
import { FlagField } from './field.dto.js';

export class UpdateSubjectDto {
  @FlagField({
    description:
      'Disabling ends the access tokens at once and suspends the families; enabling lets the families go on.',
  })
  disabled: boolean;
}

export class SubjectDto {
  @ApiProperty()
  subject: string;

  @ApiProperty()
  disabled: boolean;
}
