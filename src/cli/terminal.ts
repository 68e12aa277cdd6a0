/** Gives commands the admin API, and prints their results. */
import { Command } from 'commander';
import { adminCredentials } from './admin-credentials.js';
import { serverOf } from './server.js';
import { AdminApi } from './admin-api.js';
import { listing, table } from './output.js';

export class Terminal {
  readonly api = new AdminApi(serverOf(process.env), () => adminCredentials(process.env));

  /** @param program its option `--json` selects the format */
  constructor(private readonly program: Command) {}

  /** @param text for people, in place of the plain listing */
  show(object: object, text = listing(object as Record<string, unknown>)): void {
    this.print(this.wantsJson ? JSON.stringify(object, null, 2) : text);
  }

  /** @param heading for people, above the table. Prints a page of a list, and the cursor of the next page to stderr. */
  list(page: object, columns: readonly string[], heading?: string): void {
    const { items, next_cursor } = page as { items: Record<string, unknown>[]; next_cursor?: string };
    const above = heading === undefined ? '' : `${heading}\n`;
    this.print(this.wantsJson ? JSON.stringify(page, null, 2) : above + table(items, columns));
    if (next_cursor !== undefined && !this.wantsJson) this.say(`There is more: --cursor ${next_cursor}`);
  }

  /** Prints a confirmation, for commands without data. */
  done(message: string): void {
    if (!this.wantsJson) this.print(message);
  }

  say(message: string): void {
    process.stderr.write(`${message}\n`);
  }

  private print(text: string): void {
    process.stdout.write(`${text}\n`);
  }

  private get wantsJson(): boolean {
    return this.program.opts<{ json?: boolean }>().json === true;
  }
}

/** The options of every list. */
export const listCommand = (name: string): Command =>
  new Command(name)
    .option('--limit <number>', 'how many at most, 1 to 200')
    .option('--cursor <cursor>', 'continue after a previous page');
