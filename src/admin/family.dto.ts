import { ApiProperty } from '@nestjs/swagger';
import { MAX_SUBJECT_CHARACTERS } from '../oauth/subject.js';
import { ChoiceField, InstantField, SecretField, TextField, UuidField } from './field.dto.js';
import { ImportedItemDto } from './import.dto.js';
import { PageDto, PageQueryDto } from './paging.dto.js';

const states = ['active', 'expired', 'revoked'] as const;

export class StartFamilyDto {
  @TextField({ max: 255 })
  client_id: string;

  @TextField({
    max: MAX_SUBJECT_CHARACTERS,
    description: 'The user. Must not begin with `client:`.',
    example: 'user-4711',
  })
  subject: string;

  @TextField({
    min: 0,
    max: 4096,
    description: 'The granted scope: scope tokens of the client, separated by spaces.',
    example: 'read write',
  })
  scope: string;
}

const TOKEN = {
  description:
    'The refresh token of another server, whose client may go on with it: its first refresh rotates it into one of ours.',
  required: false,
};

/** A family that began at another server. */
export class AdoptFamilyDto extends StartFamilyDto {
  @SecretField({ ...TOKEN, max: 4096 })
  refresh_token?: string;

  @SecretField({ max: 64, required: false, description: 'Instead of the token: its SHA-256 in hexadecimal.' })
  refresh_token_sha256?: string;

  @InstantField({
    required: false,
    description: 'By default, and at the latest, as the policy of the client says for a family that starts now.',
  })
  idle_expires_at?: string;

  @InstantField({ required: false, description: 'As for `idle_expires_at`.' })
  absolute_expires_at?: string;
}

export class StartedFamilyDto {
  @UuidField()
  family_id: string;

  @ApiProperty({ required: false, description: 'Shown only once. Absent if the request had one.' })
  refresh_token?: string;

  @InstantField({ description: 'When the refresh token expires unless it is used.' })
  expires_at: string;
}

export class FamiliesQueryDto extends PageQueryDto {
  @TextField({ max: MAX_SUBJECT_CHARACTERS, required: false, description: 'The subject, or the username of a user.' })
  subject?: string;

  @TextField({ max: 255, required: false })
  client_id?: string;

  @ChoiceField(states, { required: false })
  state?: (typeof states)[number];
}

export class FamilyDto {
  @UuidField({ description: 'The `family_id` of its access tokens.' })
  family_id: string;

  @ApiProperty()
  client_id: string;

  @ApiProperty()
  subject: string;

  @ApiProperty()
  scope: string;

  @ApiProperty({ type: 'integer', description: 'How many times it was refreshed.' })
  generation: number;

  @ChoiceField(states)
  state: (typeof states)[number];

  @InstantField()
  created_at: string;

  @InstantField()
  last_used_at: string;

  @InstantField()
  idle_expires_at: string;

  @InstantField()
  absolute_expires_at: string;

  @InstantField({ required: false })
  revoked_at?: string;

  @ApiProperty({ required: false })
  revoked_reason?: string;
}

export class FamilyPageDto extends PageDto {
  @ApiProperty({ type: [FamilyDto], description: 'Newest first.' })
  items: FamilyDto[];
}

export class ImportedFamilyDto extends ImportedItemDto {
  @UuidField({ required: false })
  family_id?: string;
}

export class ImportedFamiliesDto {
  @ApiProperty({ type: [ImportedFamilyDto] })
  results: ImportedFamilyDto[];
}
