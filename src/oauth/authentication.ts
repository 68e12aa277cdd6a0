/** How a user authenticated (OpenID Connect Core §2: `auth_time`, `acr`, `amr`), and in which login session. */
export interface Authentication {
  /** The `sid` of ID tokens. */
  readonly sessionId: string;
  /** Milliseconds since the epoch. */
  readonly authTime: number;
  readonly acr: string;
  /** RFC 8176. */
  readonly amr: readonly string[];
}

/** The `acr` values of the ways to sign in. */
export const ACR_PASSWORD = 'urn:rekey:password';
export const ACR_UPSTREAM = 'urn:rekey:upstream';

/** The `acr` values that a deployment offers. @param upstreamIssuer the issuer of the upstream provider, if there is one */
export const offeredAcrs = ({ upstreamIssuer }: { readonly upstreamIssuer?: string | undefined }): readonly string[] =>
  upstreamIssuer === undefined ? [ACR_PASSWORD] : [ACR_PASSWORD, ACR_UPSTREAM];
