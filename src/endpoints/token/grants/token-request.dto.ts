import { IsNotEmpty, IsOptional, IsString, Matches, MaxLength } from 'class-validator';
import { CODE_VERIFIER } from '../../../oauth/pkce.js';

/** The parameters of every token request (RFC 6749 §4 to §6). */
export class TokenRequestDto {
  @IsString()
  @IsNotEmpty()
  @MaxLength(200)
  grant_type: string;

  /** `oauth/scope.ts` checks syntax and length, because errors are an `invalid_scope`. */
  @IsOptional()
  @IsString()
  scope?: string;
}

/** RFC 6749 §6. Any string passes here, because a token that is not ours is an `invalid_grant`. */
export class RefreshTokenRequestDto extends TokenRequestDto {
  @IsString()
  @IsNotEmpty()
  refresh_token: string;
}

/** RFC 6749 §4.1.3, RFC 7636 §4.5. Any string passes here, because a code that is not ours is an `invalid_grant`. */
export class AuthorizationCodeRequestDto extends TokenRequestDto {
  @IsString()
  @IsNotEmpty()
  code: string;

  @IsOptional()
  @IsString()
  redirect_uri?: string;

  /** A malformed verifier is refused without consuming the code. */
  @IsOptional()
  @Matches(CODE_VERIFIER)
  code_verifier?: string;
}
