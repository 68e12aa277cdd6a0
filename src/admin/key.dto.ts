import { ApiProperty } from '@nestjs/swagger';
import { signingAlgorithms, type SigningAlgorithm } from '../keys/signing-algorithm.js';
import { ChoiceField, FlagField, InstantField } from './field.dto.js';

const states = ['next', 'signing', 'verifying', 'expired', 'retired'] as const;
const changes = ['signing_key_created', 'signing_key_activated', 'signing_key_retired', 'signing_key_deleted'] as const;

export class SigningKeyDto {
  @ApiProperty()
  kid: string;

  @ChoiceField(Object.keys(signingAlgorithms))
  algorithm: SigningAlgorithm;

  @ChoiceField(states, {
    description:
      '`next` is published and will sign; `verifying` is published until the last token that it signed is gone.',
  })
  state: (typeof states)[number];

  @InstantField({ description: 'From here on it signs, until a newer one does.' })
  active_from: string;

  @InstantField({ required: false, description: 'Absent while nothing has taken its place.' })
  verifies_until?: string;
}

export class SigningKeyListDto {
  @ApiProperty({ type: [SigningKeyDto], description: 'The newest first.' })
  items: SigningKeyDto[];
}

export class RotateKeysDto {
  @ChoiceField(Object.keys(signingAlgorithms), {
    required: false,
    description: 'Only the key of this algorithm. Initially the keys of all algorithms that are in use.',
  })
  algorithm?: SigningAlgorithm;

  @FlagField({
    required: false,
    initially: false,
    description: 'The new keys sign at once, though verifiers that cache the JWKS do not know them yet.',
  })
  immediately?: boolean;
}

export class KeyChangeDto {
  @ChoiceField(changes)
  change: (typeof changes)[number];

  @ApiProperty()
  kid: string;

  @ChoiceField(Object.keys(signingAlgorithms), { required: false, description: 'Of a key that was made or signs.' })
  algorithm?: SigningAlgorithm;

  @InstantField({ required: false, description: 'When it begins to sign.' })
  active_from?: string;
}

export class KeyRotationDto {
  @ApiProperty({ type: [KeyChangeDto], description: 'Empty where the next keys were published already.' })
  changes: KeyChangeDto[];
}
