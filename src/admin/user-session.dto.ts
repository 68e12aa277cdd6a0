import { ApiProperty } from '@nestjs/swagger';
import { InstantField, UuidField } from './field.dto.js';

export class LoginSessionDto {
  @UuidField({ description: 'The `sid` of its ID tokens.' })
  session_id: string;

  @ApiProperty({ description: 'The address that the user signed in from.', example: '192.0.2.7' })
  source: string;

  @ApiProperty({ description: 'The browser, as it describes itself.', required: false })
  user_agent?: string;

  @InstantField()
  created_at: string;

  @InstantField()
  last_used_at: string;

  @InstantField()
  expires_at: string;
}

export class LoginSessionListDto {
  @ApiProperty({ type: [LoginSessionDto], description: 'Most recently used first.' })
  items: LoginSessionDto[];
}

export class ConsentDto {
  @ApiProperty()
  client_id: string;

  @ApiProperty({ description: 'Space-separated.' })
  scope: string;

  @InstantField()
  granted_at: string;
}

export class ConsentListDto {
  @ApiProperty({ type: [ConsentDto], description: 'Newest first.' })
  items: ConsentDto[];
}
