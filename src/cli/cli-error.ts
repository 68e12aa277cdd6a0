/** An error that the user of the command can understand and fix: printed as it is, without a stack. */
export class CliError extends Error {}

/** The admin API will not have the request, as it is. */
export class RequestRefused extends CliError {}
