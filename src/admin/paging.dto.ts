import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { IsInt, IsString, Max, MaxLength, Min, ValidateIf } from 'class-validator';

const MAX_LIMIT = 200;
const DEFAULT_LIMIT = 50;

/** The query parameters of every list. */
export class PageQueryDto {
  @ApiPropertyOptional({ type: 'integer', minimum: 1, maximum: MAX_LIMIT, default: DEFAULT_LIMIT })
  @Transform(({ value }: { value: unknown }): unknown => (/^\d{1,3}$/.test(String(value)) ? Number(value) : value))
  @IsInt()
  @Min(1)
  @Max(MAX_LIMIT)
  limit: number = DEFAULT_LIMIT;

  @ApiPropertyOptional({ description: '`next_cursor` of the previous page.' })
  @ValidateIf((_, value) => value !== undefined)
  @IsString()
  @MaxLength(1000)
  cursor?: string;
}

/** The members of every list besides its items. */
export class PageDto {
  @ApiProperty({ required: false, description: 'Absent on the last page.' })
  next_cursor?: string;
}

/** The response of a list. */
export type Page<Item> = PageDto & { readonly items: Item[] };
