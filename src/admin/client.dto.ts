import { ApiProperty, IntersectionType, OmitType, PartialType, PickType } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsObject, ValidateIf, ValidateNested } from 'class-validator';
import { clientAuthMethods, type ClientAuthMethod } from '../clients/client-auth-method.js';
import { registrationDefaults as defaults, registrationLimits as limits } from '../clients/client-registration.js';
import type { ClientEntity } from '../clients/client.entity.js';
import { MAX_REDIRECT_URIS } from '../clients/sign-in-registration.js';
import { signingAlgorithms, type SigningAlgorithm } from '../keys/signing-algorithm.js';
import { grantTypes, type GrantType } from '../oauth/grant-type.js';
import { ChoiceField, FlagField, InstantField, NumberField, SetField, TextField } from './field.dto.js';
import { PageDto } from './paging.dto.js';

export class RefreshPolicyDto {
  @ChoiceField(['always', 'public_only', 'never'], {
    initially: defaults.rotation,
    description: 'Whose refresh tokens are replaced at each use.',
  })
  rotation: ClientEntity['rotation'];

  @NumberField(limits.retryWindowSeconds, {
    initially: defaults.retryWindowSeconds,
    description: 'How long presenting the token before again is a retry, which gets the same successor.',
  })
  retry_window_seconds: number;

  @NumberField(limits.idleTtlSeconds, {
    initially: defaults.idleTtlSeconds,
    description: 'Starts anew at each refresh.',
  })
  idle_ttl_seconds: number;

  @NumberField(limits.absoluteTtlSeconds, {
    initially: defaults.absoluteTtlSeconds,
    description: 'Counts from the birth of the family; no refresh extends it.',
  })
  absolute_ttl_seconds: number;

  @ChoiceField(['revoke_family', 'revoke_subject_client', 'revoke_subject', 'report_only'], {
    initially: defaults.reuseResponse,
    description: 'How far the answer to a stolen refresh token reaches.',
  })
  reuse_response: ClientEntity['reuseResponse'];

  @ChoiceField(['request', 'sticky'], {
    initially: defaults.scopeNarrowing,
    description: 'Whether a narrower scope asked for counts once, or from then on.',
  })
  scope_narrowing: ClientEntity['scopeNarrowing'];
}

class PartialRefreshPolicyDto extends PartialType(RefreshPolicyDto, { skipNullProperties: false }) {}

class ClientFieldsDto {
  @TextField({ max: 200, example: 'Web shop' })
  name: string;

  @ChoiceField(['confidential', 'public'], { description: 'RFC 6749 section 2.1. It cannot be changed later.' })
  type: ClientEntity['type'];

  @ChoiceField(clientAuthMethods, { description: 'Initially client_secret_basic, or none for a public client.' })
  token_endpoint_auth_method: ClientAuthMethod;

  @SetField({ max: 10, of: grantTypes, initially: defaults.grantTypes })
  grant_types: GrantType[];

  @SetField({
    max: 200,
    initially: [],
    description: 'The most that any of its tokens may have.',
    example: ['read', 'write'],
  })
  scopes: string[];

  @SetField({
    max: 20,
    initially: [],
    description: 'The `aud` of its access tokens (empty: the issuer), and what it may introspect as a resource server.',
  })
  audience: string[];

  @ChoiceField(['jwt', 'opaque'], { initially: defaults.accessTokenFormat })
  access_token_format: ClientEntity['accessTokenFormat'];

  @NumberField(limits.accessTokenTtlSeconds, { initially: defaults.accessTokenTtlSeconds })
  access_token_ttl_seconds: number;

  @FlagField({ initially: false, description: 'Whether it may introspect the tokens of others, whose audience it is.' })
  may_introspect: boolean;

  @SetField({
    max: MAX_REDIRECT_URIS,
    initially: [],
    description:
      'Where the answers to its authorization requests may go, compared as they are: https, http on a loopback address, or for a public client a scheme like com.example.app.',
    example: ['https://shop.example.com/signed-in'],
  })
  redirect_uris: string[];

  @SetField({ max: MAX_REDIRECT_URIS, initially: [], description: 'Where the browser may go after signing out.' })
  post_logout_redirect_uris: string[];

  @FlagField({
    initially: true,
    description:
      'Whether its authorization requests must have a code challenge (RFC 7636). Always, for a public client.',
  })
  require_pkce: boolean;

  @FlagField({
    initially: false,
    description: 'Whether it belongs to this service, so that its users are not asked for their consent.',
  })
  first_party: boolean;

  @ChoiceField(Object.keys(signingAlgorithms), {
    initially: defaults.idTokenSignedResponseAlg,
    description:
      'What its ID tokens and logout tokens are signed with: RS256, or what this service signs access tokens with.',
  })
  id_token_signed_response_alg: SigningAlgorithm;

  @TextField({
    max: 2000,
    required: false,
    nullable: true,
    description:
      'Where this service tells it that a user has signed out (OpenID Connect Back-Channel Logout). Null for none.',
    example: 'https://shop.example.com/backchannel-logout',
  })
  backchannel_logout_uri?: string | null;
}

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

export class CreateClientDto extends IntersectionType(
  PickType(ClientFieldsDto, ['name', 'type'] as const),
  OptionalClientFieldsDto,
) {}

export class UpdateClientDto extends PartialType(OmitType(CreateClientDto, ['type'] as const), {
  skipNullProperties: false,
}) {
  @FlagField({
    required: false,
    description:
      'A disabled client gets no tokens, and those that it has are dead at once. Its families are suspended, and go on when it is enabled.',
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
  @ApiProperty({ required: false, format: 'uuid', description: 'Of a confidential client.' })
  secret_id?: string;

  @ApiProperty({ required: false, description: 'Of a confidential client. Shown this once.' })
  client_secret?: string;
}

export class ClientPageDto extends PageDto {
  @ApiProperty({ type: [ClientDto] })
  items: ClientDto[];
}
