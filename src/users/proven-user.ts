/** Who somebody has proved to be, and as of when. */
export interface ProvenUser {
  readonly subject: string;
  /** Of the user before the proof was looked at: see `UserEntity`. */
  readonly sessionEpoch: number;
}
