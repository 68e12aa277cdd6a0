import { IsNotEmpty, IsString } from 'class-validator';

/**
 * What revocation (RFC 7009 §2.1) and introspection (RFC 7662 §2.1) ask for. The `token_type_hint` is not even read: what a
 * token is can be seen from it, and a wrong hint must not matter.
 */
export class TokenParameterDto {
  @IsString()
  @IsNotEmpty()
  token: string;
}
