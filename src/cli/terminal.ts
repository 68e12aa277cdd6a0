/** Where the commands get the admin API from, and where their results go. */
import { Command } from 'commander';
import { adminCredentials, serverUrl } from './admin-credentials.js';
import { AdminApi } from './admin-api.js';
import { listing, table } from './output.js';

export class Terminal {
  readonly api = new AdminApi(serverUrl(process.env), () => adminCredentials(process.env));

  /** @param program whose option `--json` decides about the form */
  constructor(private readonly program: Command) {}

  /** @param text for people, where a plain listing would not do */
  show(object: object, text = listing(object as Record<string, unknown>)): void {
    this.print(this.wantsJson ? JSON.stringify(object, null, 2) : text);
  }

  /** A page of a list; where the next one begins is said beside it. */
  list(page: object, columns: readonly string[]): void {
    const { items, next_cursor } = page as { items: Record<string, unknown>[]; next_cursor?: string };
    this.print(this.wantsJson ? JSON.stringify(page, null, 2) : table(items, columns));
    if (next_cursor !== undefined && !this.wantsJson) this.say(`There is more: --cursor ${next_cursor}`);
  }

  /** What was done, where there is nothing to show for it. */
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
    .option('--cursor <cursor>', 'go on where a page ended');
