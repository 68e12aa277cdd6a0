/** An error that the user of the command can understand and fix; printed without a stack trace. */
export class CliError extends Error {}

/** The exit codes of the command line. */
export const EXIT = { failed: 1, hitNothing: 3 } as const;

/** The admin API refuses the request as invalid. */
export class RequestRefused extends CliError {}

/** What the request would create exists already. */
export class AlreadyThere extends CliError {}
