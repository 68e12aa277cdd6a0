import { IsNotEmpty, IsString } from 'class-validator';

/**
 * The parameters of revocation (RFC 7009 §2.1) and introspection (RFC 7662 §2.1). `token_type_hint` is ignored: the token
 * itself shows its type, and a wrong hint must not matter.
 */
export class TokenParameterDto {
  @IsString()
  @IsNotEmpty()
  token: string;
}
