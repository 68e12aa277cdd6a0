import { IsNotEmpty, IsOptional, IsString, Matches, MaxLength } from 'class-validator';
import { CODE_VERIFIER } from '../../../oauth/pkce.js';

/** What every token request has (RFC 6749 §4 to §6), whatever its grant. */
export class TokenRequestDto {
  @IsString()
  @IsNotEmpty()
  @MaxLength(200)
  grant_type: string;

  /** Its syntax and length are judged by `oauth/scope.ts`: they are an `invalid_scope`. */
  @IsOptional()
  @IsString()
  scope?: string;
}

/** RFC 6749 §6. A token of any shape passes here: what is not one of ours is an `invalid_grant`. */
export class RefreshTokenRequestDto extends TokenRequestDto {
  @IsString()
  @IsNotEmpty()
  refresh_token: string;
}

/** RFC 6749 §4.1.3, RFC 7636 §4.5. A code of any shape passes here: what is not one of ours is an `invalid_grant`. */
export class AuthorizationCodeRequestDto extends TokenRequestDto {
  @IsString()
  @IsNotEmpty()
  code: string;

  @IsOptional()
  @IsString()
  redirect_uri?: string;

  /** A short one could be guessed: it is not even tried, and costs the code nothing. */
  @IsOptional()
  @Matches(CODE_VERIFIER)
  code_verifier?: string;
}
