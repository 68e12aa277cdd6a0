/** Whom to tell of a vulnerability (RFC 9116 §2.5). */
const DAY_MS = 86_400_000;

/** §2.5.5 wants less than a year. It is that far away as long as the service runs, which is as long as somebody keeps it. */
const DAYS = 180;

interface SecurityText {
  /** URIs, the preferred one first. */
  readonly contacts: readonly string[];
  /** Its origin. */
  readonly host: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** It expires at midnight, so that all replicas say the same all day. */
export function securityText({ contacts, host, now }: SecurityText): string {
  const expires = new Date((Math.floor(now / DAY_MS) + DAYS) * DAY_MS);
  const lines = [
    ...contacts.map((contact) => `Contact: ${contact}`),
    `Expires: ${expires.toISOString().replace('.000', '')}`,
    `Canonical: ${host}/.well-known/security.txt`,
  ];
  return lines.map((line) => `${line}\n`).join('');
}
