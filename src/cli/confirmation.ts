/** Asks for confirmation before changes that cannot be undone. */
import { createInterface } from 'node:readline/promises';
import { CliError } from './cli-error.js';

/** The option of every command that asks. */
export const YES = ['-y, --yes', 'does not ask; needed where nobody is at a terminal'] as const;

/** @throws CliError unless somebody at the terminal answers yes */
export async function confirm(question: string, { yes }: { readonly yes?: boolean | undefined }): Promise<void> {
  if (yes) return;
  if (!process.stdin.isTTY)
    throw new CliError(`${question} Nobody is at a terminal to ask: use --yes. Nothing was done.`);
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await terminal.question(`${question} [y/N] `).finally(() => terminal.close());
  if (!/^y(es)?$/i.test(answer.trim())) throw new CliError('Nothing was done.');
}
