import { CliError } from './cli-error.js';

/** Node decodes invalid bytes to this character. */
const REPLACEMENT = '\ufffd';

/** @param subject and verb of the error message @throws CliError if the text was decoded from bytes that are not UTF-8 */
export function intact(text: string, subject: string): string {
  if (text.includes(REPLACEMENT)) throw new CliError(`${subject} not UTF-8.`);
  return text;
}
