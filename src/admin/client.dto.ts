import { ApiProperty, IntersectionType, OmitType, PartialType, PickType } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsObject, ValidateIf, ValidateNested } from 'class-validator';
import type { Field } from '../clients/client-field.js';
import { clientFieldEntries, snakeCase } from '../clients/client-fields.js';
import { MAX_CLIENT_ID_CHARACTERS, MAX_SECRET_CHARACTERS } from '../clients/known-credentials.js';
import { ChoiceField, FlagField, InstantField, NumberField, SecretField, SetField, TextField } from './field.dto.js';
import { PageDto } from './paging.dto.js';

/** Its members, and most members of a client, come from `clients/client-fields.ts`. */
export class RefreshPolicyDto {}

class ClientFieldsDto {
  @TextField({ max: 200, example: 'Web shop' })
  name: string;

  @ChoiceField(['confidential', 'public'], { description: 'RFC 6749 section 2.1. It cannot be changed later.' })
  type: 'confidential' | 'public';
}

for (const [name, field] of clientFieldEntries) {
  const dto = field.within === 'refresh' ? RefreshPolicyDto : ClientFieldsDto;
  decoratorOf(field)(dto.prototype, snakeCase(name));
}

function decoratorOf(field: Field): PropertyDecorator {
  const { initially, description, example } = field;
  const facts = {
    ...(initially !== null && { initially }),
    ...(description !== undefined && { description }),
    ...(example !== undefined && { example }),
    ...(initially === null && { required: false, nullable: true }),
  };
  switch (field.kind) {
    case 'choice':
      return ChoiceField(field.of, facts);
    case 'number':
      return NumberField(field.range, facts);
    case 'flag':
      return FlagField(facts);
    case 'set':
      return SetField({ max: field.max, ...(field.of && { of: field.of }), ...facts });
    case 'text':
      return TextField({ max: field.max, ...facts });
  }
}

class PartialRefreshPolicyDto extends PartialType(RefreshPolicyDto, { skipNullProperties: false }) {}

class OptionalClientFieldsDto extends PartialType(OmitType(ClientFieldsDto, ['name', 'type'] as const), {
  skipNullProperties: false,
}) {
  @ApiProperty({ type: PartialRefreshPolicyDto, required: false })
  @ValidateIf((_, value) => value !== undefined)
  @IsObject()
  @ValidateNested()
  @Type(() => PartialRefreshPolicyDto)
  refresh?: PartialRefreshPolicyDto;
}

class NamedClientDto extends IntersectionType(
  PickType(ClientFieldsDto, ['name', 'type'] as const),
  OptionalClientFieldsDto,
) {}

/** A client of another server brings its id, and its secret or the hash of it. */
export class CreateClientDto extends NamedClientDto {
  @TextField({ max: MAX_CLIENT_ID_CHARACTERS, required: false, description: 'Otherwise a new UUID.' })
  client_id?: string;

  @SecretField({
    max: MAX_SECRET_CHARACTERS,
    required: false,
    description: 'For a client that has one already, which may be short; otherwise one is made.',
  })
  client_secret?: string;

  @SecretField({
    max: 500,
    required: false,
    description:
      'Instead of the secret: its bcrypt, PBKDF2 or argon2 hash, which is replaced when the secret is first used.',
  })
  client_secret_hash?: string;
}

export class UpdateClientDto extends PartialType(OmitType(NamedClientDto, ['type'] as const), {
  skipNullProperties: false,
}) {
  @FlagField({
    required: false,
    description:
      'A disabled client gets no tokens, and its access tokens are revoked at once. Its families are suspended until it is enabled again.',
  })
  disabled?: boolean;
}

export class ClientDto extends ClientFieldsDto {
  @ApiProperty()
  client_id: string;

  @ApiProperty({ type: RefreshPolicyDto })
  refresh: RefreshPolicyDto;

  @ApiProperty()
  disabled: boolean;

  @InstantField()
  created_at: string;

  @InstantField()
  updated_at: string;
}

export class RegisteredClientDto extends ClientDto {
  @ApiProperty({ required: false, format: 'uuid', description: 'For a confidential client.' })
  secret_id?: string;

  @ApiProperty({
    required: false,
    description: 'For a confidential client. Shown only once, and only if it was made here.',
  })
  client_secret?: string;
}

export class ClientPageDto extends PageDto {
  @ApiProperty({ type: [ClientDto] })
  items: ClientDto[];
}
