import { IsIn, IsOptional, IsString, Matches, MaxLength } from 'class-validator';

const MAX_NONCE_CHARACTERS = 512;

/** RFC 6749 §4.1.1, RFC 7636 §4.3, OpenID Connect Core §3.1.2.1: the shape of what has a shape. The rest is judged in `authorization-request.ts`. */
export class AuthorizationRequestDto {
  @IsOptional()
  @IsString()
  scope?: string;

  /** It travels in the code. */
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

  /** How the page is shown. There is one way, and it fits all of these. */
  @IsOptional()
  @IsIn(['page', 'popup', 'touch', 'wap'])
  display?: string;
}
