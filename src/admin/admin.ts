/** Who changes something, as the audit trail and the revocations name them, and under which correlation id. */
export interface Admin {
  /** `admin:<client_id>` */
  readonly actor: string;
  readonly correlationId: string;
}
