import { CliError } from './cli-error.js';

/** Node decodes invalid bytes to this character. */
const REPLACEMENT = '\ufffd';

/** @param subject with its verb, for the message @throws CliError when the text came from bytes that are not UTF-8 */
export function intact(text: string, subject: string): string {
  if (text.includes(REPLACEMENT)) throw new CliError(`${subject} not UTF-8.`);
  return text;
}
