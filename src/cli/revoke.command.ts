import { Command } from 'commander';
import { listing, table } from './output.js';
import type { Terminal } from './terminal.js';

interface Outcome {
  readonly dry_run: boolean;
  readonly hits: { readonly clients: Record<string, unknown>[] };
}

/** Ends tokens, or says what it would end. */
export const revokeCommand = (terminal: Terminal): Command =>
  new Command('revoke')
    .description('ends tokens at once: of a token (jti), family (sid), subject, client, or all')
    .argument('<kind>', 'token, family, subject, client or all')
    .argument('[value]', 'the jti, sid, subject or client id; nothing for all')
    .requiredOption('--reason <reason>', 'stands in the audit trail')
    .option('--dry-run', 'only says what it would hit')
    .action(
      async (kind: string, value: string | undefined, { reason, dryRun }: { reason: string; dryRun?: boolean }) => {
        const outcome = await terminal.api.post<Outcome>('/revocations', { kind, value, reason, dry_run: dryRun });
        terminal.show(outcome, inWords(outcome));
        if (outcome.dry_run) terminal.say('Nothing was revoked: this was a dry run.');
      },
    );

/** The totals, and a line for each client. */
function inWords({ hits: { clients, ...totals }, ...outcome }: Outcome): string {
  const summary = listing({ ...outcome, hits: totals });
  return clients.length === 0
    ? summary
    : `${summary}\n\n${table(clients, ['client_id', 'families', 'subjects', 'last_used_at'])}`;
}
