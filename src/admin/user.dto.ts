import { applyDecorators } from '@nestjs/common';
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsObject, IsString, ValidateIf } from 'class-validator';
import { MAX_SUBJECT_CHARACTERS } from '../oauth/subject.js';
import { adminRoles, type AdminRole } from '../oauth/scope.js';
import { MAX_USERNAME_CHARACTERS } from '../oauth/username.js';
import { MAX_GROUPS } from '../users/user-attributes.js';
import { FlagField, InstantField, SetField, TextField } from './field.dto.js';
import { ImportedItemDto } from './import.dto.js';
import { PageDto, PageQueryDto } from './paging.dto.js';

const whenPresent = ValidateIf((_, value) => value !== undefined);

/** The domain rules validate the members. */
const CLAIMS = {
  type: 'object' as const,
  additionalProperties: true,
  description: 'The standard claims of OpenID Connect Core section 5.1 except `updated_at`.',
  example: { name: 'Anna Bauer', email: 'anna@example.com', email_verified: true },
};

const ClaimsField = (facts: { description?: string } = {}) =>
  applyDecorators(ApiPropertyOptional({ ...CLAIMS, ...facts }), whenPresent, IsObject());

const ATTRIBUTES = {
  type: 'object' as const,
  additionalProperties: true,
  description: 'Other claims: JSON values by name, for clients with a scope that releases them.',
  example: { department: 'Research', roles: ['editor'] },
};

const AttributesField = (facts: { description?: string } = {}) =>
  applyDecorators(ApiPropertyOptional({ ...ATTRIBUTES, ...facts }), whenPresent, IsObject());

const GroupsField = (description: string) =>
  SetField({ max: MAX_GROUPS, required: false, description, example: ['platform', 'on-call'] });

const GROUPS = 'What the claim `groups` says.';

const PASSWORD = {
  description: 'Not a common password, nor the name of the user or of the service. Every character is allowed.',
  format: 'password',
  writeOnly: true,
};

export class UsersQueryDto extends PageQueryDto {
  @TextField({ max: MAX_USERNAME_CHARACTERS, required: false, description: 'Only the user with this username.' })
  username?: string;

  @TextField({
    max: MAX_USERNAME_CHARACTERS,
    required: false,
    description:
      'Only users whose username, `email`, `name`, `family_name` or subject begins with this text, in any case; the subject in this case.',
  })
  search?: string;
}

const SUBJECT = {
  max: MAX_SUBJECT_CHARACTERS,
  required: false,
  description: 'The `sub` of the user, if other systems know it; otherwise a new UUID.',
};

export class CreateUserDto {
  @TextField(SUBJECT)
  subject?: string;

  @TextField({ max: MAX_USERNAME_CHARACTERS, description: 'The name or e-mail address that the user signs in with.' })
  username: string;

  @ApiPropertyOptional(PASSWORD)
  @whenPresent
  @IsString()
  password?: string;

  @ClaimsField()
  claims?: Record<string, unknown>;

  @GroupsField(GROUPS)
  groups?: string[];

  @AttributesField()
  attributes?: Record<string, unknown>;
}

export class UpdateUserDto {
  @TextField({ max: MAX_USERNAME_CHARACTERS, required: false })
  username?: string;

  @ClaimsField({ description: 'They replace all existing claims.' })
  claims?: Record<string, unknown>;

  @GroupsField('They replace all existing groups.')
  groups?: string[];

  @GroupsField('Joins these, and stays in the others.')
  add_groups?: string[];

  @GroupsField('Leaves these.')
  remove_groups?: string[];

  @AttributesField({ description: 'Each replaces the one of its name, null removes it; the others stay.' })
  attributes?: Record<string, unknown>;

  @FlagField({
    required: false,
    description:
      'A disabled user cannot sign in, and their access tokens are revoked at once; their families are suspended until the user is enabled again.',
  })
  disabled?: boolean;
}

export class SetPasswordDto {
  @ApiProperty(PASSWORD)
  @IsString()
  password: string;
}

const ROLES = {
  max: adminRoles.length,
  of: adminRoles,
  description: 'What the user may do in the admin API, as scopes; `rekey:admin` is all of it.',
};

export class SetAdminRolesDto {
  @SetField(ROLES)
  admin_roles: AdminRole[];
}

export class UserDto {
  @ApiProperty()
  subject: string;

  @ApiProperty()
  username: string;

  @ApiProperty(CLAIMS)
  claims: Record<string, unknown>;

  @SetField({ max: MAX_GROUPS, description: GROUPS })
  groups: string[];

  @ApiProperty(ATTRIBUTES)
  attributes: Record<string, unknown>;

  @ApiProperty({ description: 'Whether the user can sign in with a password.' })
  has_password: boolean;

  @InstantField({ required: false, description: 'Absent if no password was ever set here.' })
  password_changed_at?: string;

  @ApiProperty()
  disabled: boolean;

  @SetField(ROLES)
  admin_roles: AdminRole[];

  @InstantField()
  created_at: string;

  @InstantField()
  updated_at: string;
}

export class UserPageDto extends PageDto {
  @ApiProperty({ type: [UserDto], description: 'By subject.' })
  items: UserDto[];
}

export class ImportUserDto {
  @TextField(SUBJECT)
  subject?: string;

  @TextField({ max: MAX_USERNAME_CHARACTERS })
  username: string;

  @TextField({
    max: 500,
    required: false,
    description:
      'An argon2 PHC string, bcrypt (`$2a$`, `$2b$`, `$2y$`), PBKDF2 or scrypt (as Django, Werkzeug or a PHC string writes it), SHA-512 crypt (`$6$`), or a salted digest (`{SSHA}`, `{SSHA256}`, `{SSHA512}`).',
    example: '$2b$10$9BzfV47BALhZAARNce.NveK7hQNsn8/D8GZbLNNMtoK3g6WZXGb22',
  })
  password_hash?: string;

  @ClaimsField()
  claims?: Record<string, unknown>;

  @GroupsField(GROUPS)
  groups?: string[];

  @AttributesField()
  attributes?: Record<string, unknown>;
}

export class ImportedUserDto extends ImportedItemDto {
  @ApiProperty({ required: false })
  subject?: string;
}

export class ImportedUsersDto {
  @ApiProperty({ type: [ImportedUserDto] })
  results: ImportedUserDto[];
}
