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
      '`next` is published and will sign later; `verifying` is published until the last token that it signed expires.',
  })
  state: (typeof states)[number];

  @InstantField({ description: 'It signs from here until a newer one does.' })
  active_from: string;

  @InstantField({ required: false, description: 'Absent while it has no successor.' })
  verifies_until?: string;
}

export class SigningKeyListDto {
  @ApiProperty({ type: [SigningKeyDto], description: 'Newest first.' })
  items: SigningKeyDto[];
}

export class RotateKeysDto {
  @ChoiceField(Object.keys(signingAlgorithms), {
    required: false,
    description: 'Only the key of this algorithm. By default the keys of all algorithms in use.',
  })
  algorithm?: SigningAlgorithm;

  @FlagField({
    required: false,
    initially: false,
    description: 'The new keys sign at once, though verifiers with a cached JWKS do not have them yet.',
  })
  immediately?: boolean;
}

export class KeyChangeDto {
  @ChoiceField(changes)
  change: (typeof changes)[number];

  @ApiProperty()
  kid: string;

  @ChoiceField(Object.keys(signingAlgorithms), { required: false, description: 'For a key that was created or signs.' })
  algorithm?: SigningAlgorithm;

  @InstantField({ required: false, description: 'When it starts to sign.' })
  active_from?: string;
}

export class KeyRotationDto {
  @ApiProperty({ type: [KeyChangeDto], description: 'Empty if the next keys are published already.' })
  changes: KeyChangeDto[];
}
