/** Who makes a change, as named in the audit log and revocations, and the correlation id. */
export interface Admin {
  /** `admin:<client_id>` */
  readonly actor: string;
  readonly correlationId: string;
}
