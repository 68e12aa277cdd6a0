import { ApiProperty } from '@nestjs/swagger';
import { ChoiceField } from './field.dto.js';
import { FieldProblemDto } from './problem.dto.js';

/** The result of one item of an import. */
export class ImportedItemDto {
  @ApiProperty({ type: 'integer', description: 'The position in the request, from 0.' })
  index: number;

  @ChoiceField(['created', 'exists', 'invalid'])
  result: 'created' | 'exists' | 'invalid';

  @ApiProperty({ type: [FieldProblemDto], required: false, description: 'Present if the item is invalid.' })
  errors?: FieldProblemDto[];
}
