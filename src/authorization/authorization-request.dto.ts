import { IsIn, IsOptional, IsString, Matches, MaxLength } from 'class-validator';

const MAX_NONCE_CHARACTERS = 512;

/** Syntax of the parameters (RFC 6749 §4.1.1, RFC 7636 §4.3, OpenID Connect Core §3.1.2.1). `authorization-request.ts` checks the rest. */
export class AuthorizationRequestDto {
  @IsOptional()
  @IsString()
  scope?: string;

  /** The code contains it. */
  @IsOptional()
  @MaxLength(MAX_NONCE_CHARACTERS)
  nonce?: string;

  @IsOptional()
  @IsString()
  code_challenge?: string;

  @IsOptional()
  @IsString()
  code_challenge_method?: string;

  @IsOptional()
  @IsString()
  prompt?: string;

  /** Seconds. */
  @IsOptional()
  @Matches(/^\d{1,9}$/)
  max_age?: string;

  @IsOptional()
  @MaxLength(255)
  login_hint?: string;

  @IsOptional()
  @IsString()
  id_token_hint?: string;

  @IsOptional()
  @MaxLength(255)
  ui_locales?: string;

  @IsOptional()
  @MaxLength(255)
  acr_values?: string;

  @IsOptional()
  @IsString()
  claims?: string;

  /** Ignored: the page is the same for every value. */
  @IsOptional()
  @IsIn(['page', 'popup', 'touch', 'wap'])
  display?: string;
}
