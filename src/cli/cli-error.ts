/** An error that the user of the command can understand and fix; printed without a stack trace. */
export class CliError extends Error {}

/** The admin API refuses the request as invalid. */
export class RequestRefused extends CliError {}
