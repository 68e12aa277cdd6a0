/** The contacts for reporting vulnerabilities (RFC 9116 §2.5). */
const DAY_MS = 86_400_000;

/** §2.5.5 recommends less than a year. The date moves on while the service runs, because a running service is maintained. */
const DAYS = 180;

interface SecurityText {
  /** URIs in order of preference. */
  readonly contacts: readonly string[];
  /** The origin of the host. */
  readonly host: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** Expires at midnight, so that all replicas send the same text all day. */
export function securityText({ contacts, host, now }: SecurityText): string {
  const expires = new Date((Math.floor(now / DAY_MS) + DAYS) * DAY_MS);
  const lines = [
    ...contacts.map((contact) => `Contact: ${contact}`),
    `Expires: ${expires.toISOString().replace('.000', '')}`,
    `Canonical: ${host}/.well-known/security.txt`,
  ];
  return lines.map((line) => `${line}\n`).join('');
}
