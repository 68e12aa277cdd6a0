import { ApiProperty } from '@nestjs/swagger';
import { revocationKinds, type RevocationKind } from '../revocation/revocation.js';
import { ChoiceField, FlagField, InstantField, TextField, UuidField } from './field.dto.js';
import { PageDto } from './paging.dto.js';

const VALUE = 'The `jti`, the `family_id`, the subject or the client id; absent for `all`.';

export class RevokeDto {
  @ChoiceField(revocationKinds)
  kind: RevocationKind;

  @TextField({ min: 0, max: 255, required: false, description: VALUE })
  value?: string;

  @TextField({ max: 200, description: 'Recorded in the audit log.', example: 'laptop stolen, ticket 4711' })
  reason: string;

  @FlagField({ required: false, initially: false, description: 'Only shows what would be revoked.' })
  dry_run?: boolean;

  @TextField({
    max: 1000,
    required: false,
    description: 'The `confirmation` of a dry run: refused (409) if more families would be hit than it showed.',
  })
  confirmation?: string;
}

class HitsDto {
  @ApiProperty({ type: 'integer', description: 'Live families.' })
  families: number;

  @ApiProperty({ type: 'integer', description: 'The number of subjects of these families.' })
  subjects: number;

  @InstantField({ required: false, description: 'When one of them was last used.' })
  last_used_at?: string;
}

class ClientHitsDto extends HitsDto {
  @ApiProperty()
  client_id: string;
}

export class RevocationHitsDto extends HitsDto {
  @ApiProperty({ type: [ClientHitsDto], description: 'The clients with the most families, 100 at most.' })
  clients: ClientHitsDto[];
}

export class RevocationDto {
  @UuidField()
  id: string;

  @ChoiceField(revocationKinds)
  kind: RevocationKind;

  @ApiProperty({ required: false, description: VALUE })
  value?: string;

  @ApiProperty()
  reason: string;

  @ApiProperty({ example: 'client:operations' })
  actor: string;

  @InstantField({ description: 'Access tokens issued before this are revoked.' })
  not_before: string;

  @InstantField({ description: 'From here on all of those would have expired anyway.' })
  expires_at: string;

  @InstantField()
  created_at: string;
}

export class RevocationOutcomeDto {
  @UuidField({ required: false, description: 'The id of the revocation; absent after a dry run.' })
  id?: string;

  @ChoiceField(revocationKinds)
  kind: RevocationKind;

  @ApiProperty({ required: false, description: VALUE })
  value?: string;

  @ApiProperty()
  dry_run: boolean;

  @InstantField({ required: false, description: 'Access tokens issued before this are revoked.' })
  not_before?: string;

  @ApiProperty({
    required: false,
    description: 'After a dry run: for the revocation, so that it hits no more than was shown.',
  })
  confirmation?: string;

  @ApiProperty({ description: 'The families that it revoked, or would revoke.' })
  hits: RevocationHitsDto;
}

export class RevocationPageDto extends PageDto {
  @ApiProperty({ type: [RevocationDto], description: 'Newest first.' })
  items: RevocationDto[];
}
