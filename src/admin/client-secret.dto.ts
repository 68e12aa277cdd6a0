import { ApiProperty } from '@nestjs/swagger';
import { InstantField, UuidField } from './field.dto.js';

export class AddSecretDto {
  @InstantField({ required: false, description: 'Default: never.' })
  expires_at?: string;

  @InstantField({
    required: false,
    description: 'When the existing secrets expire: the overlap of a rotation. By default they stay valid.',
  })
  others_expire_at?: string;
}

export class AddedSecretDto {
  @UuidField()
  secret_id: string;

  @ApiProperty({ description: 'Shown only once.' })
  client_secret: string;

  @InstantField({ required: false })
  expires_at?: string;
}

export class SecretDto {
  @UuidField()
  secret_id: string;

  @InstantField()
  created_at: string;

  @InstantField({ required: false, description: 'Absent: never.' })
  expires_at?: string;

  @InstantField({ required: false, description: 'To the minute. Absent: never used.' })
  last_used_at?: string;

  @ApiProperty({ description: 'Whether it was made elsewhere, so that it may be short: a reason to replace it.' })
  imported: boolean;
}

export class SecretListDto {
  @ApiProperty({ type: [SecretDto], description: 'Newest first.' })
  items: SecretDto[];
}
