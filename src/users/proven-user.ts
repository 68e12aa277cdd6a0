/** A user who has authenticated. */
export interface ProvenUser {
  readonly subject: string;
  /** The user's epoch before the authentication: see `UserEntity`. */
  readonly sessionEpoch: number;
}
