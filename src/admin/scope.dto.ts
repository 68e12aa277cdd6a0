import { ApiProperty, OmitType, PartialType, PickType } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsObject, ValidateIf, ValidateNested } from 'class-validator';
import { MAX_AUDIENCE_CHARACTERS, MAX_SCOPE_CLAIMS, MAX_SCOPE_TEXT_CHARACTERS } from '../scopes/scope-rules.js';
import { InstantField, SetField, TextField } from './field.dto.js';
import { PageDto } from './paging.dto.js';

const destinations = ['id_token', 'userinfo', 'access_token'] as const;

class ScopeTextsDto {
  @TextField({ max: MAX_SCOPE_TEXT_CHARACTERS, example: 'See your orders' })
  en: string;

  @TextField({
    max: MAX_SCOPE_TEXT_CHARACTERS,
    required: false,
    nullable: true,
    description: 'Null or absent: the English text.',
    example: '查看您的訂單',
  })
  'zh-Hant'?: string | null;
}

class ChangedScopeTextsDto extends PartialType(ScopeTextsDto, { skipNullProperties: false }) {}

const TEXTS = { description: 'What the consent page says that the client asks to do.' };

export class CreateScopeDto {
  @TextField({ max: 128, example: 'orders', description: 'It cannot be changed later.' })
  name: string;

  @ApiProperty({ type: ScopeTextsDto, ...TEXTS })
  @IsObject()
  @ValidateNested()
  @Type(() => ScopeTextsDto)
  texts: ScopeTextsDto;

  @SetField({
    max: MAX_SCOPE_CLAIMS,
    required: false,
    description: 'The claims that it releases: standard ones, `groups`, and attributes of users. Initially none.',
    example: ['department', 'groups'],
  })
  claims?: string[];

  @SetField({
    max: destinations.length,
    of: destinations,
    required: false,
    description: 'Where they are for every client that is granted the scope. Initially userinfo.',
  })
  into?: (typeof destinations)[number][];

  @TextField({
    max: MAX_AUDIENCE_CHARACTERS,
    required: false,
    nullable: true,
    description: 'Access tokens have the claims only if they are for this audience. Null: for any.',
    example: 'https://orders.example.com',
  })
  audience?: string | null;
}

export class UpdateScopeDto extends PartialType(OmitType(CreateScopeDto, ['name', 'texts'] as const), {
  skipNullProperties: false,
}) {
  @ApiProperty({ type: ChangedScopeTextsDto, required: false, ...TEXTS })
  @ValidateIf((_, value) => value !== undefined)
  @IsObject()
  @ValidateNested()
  @Type(() => ChangedScopeTextsDto)
  texts?: ChangedScopeTextsDto;
}

export class ScopeDto extends PickType(CreateScopeDto, ['name', 'texts'] as const) {
  @SetField({ max: MAX_SCOPE_CLAIMS })
  claims: string[];

  @SetField({ max: destinations.length, of: destinations })
  into: (typeof destinations)[number][];

  @TextField({ max: MAX_AUDIENCE_CHARACTERS, required: false })
  audience?: string;

  @InstantField()
  created_at: string;

  @InstantField()
  updated_at: string;
}

export class ScopePageDto extends PageDto {
  @ApiProperty({ type: [ScopeDto], description: 'By name; those that are built in are not listed.' })
  items: ScopeDto[];
}
