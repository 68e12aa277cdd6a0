/** How a user proved who they are (OpenID Connect Core §2: `auth_time`, `acr`, `amr`), and the login session that it began. */
export interface Authentication {
  /** The `sid` of ID tokens. */
  readonly sessionId: string;
  /** Milliseconds since the epoch. */
  readonly authTime: number;
  readonly acr: string;
  /** RFC 8176. */
  readonly amr: readonly string[];
}

/** The ways to sign in, as `acr` tells them. */
export const ACR_PASSWORD = 'urn:rekey:password';
export const ACR_UPSTREAM = 'urn:rekey:upstream';

/** Those that a deployment offers. @param upstreamIssuer of the provider through which users may sign in, if there is one */
export const offeredAcrs = ({ upstreamIssuer }: { readonly upstreamIssuer?: string | undefined }): readonly string[] =>
  upstreamIssuer === undefined ? [ACR_PASSWORD] : [ACR_PASSWORD, ACR_UPSTREAM];
