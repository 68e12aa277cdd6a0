import { Command } from 'commander';
import { listing, table } from './output.js';
import type { Terminal } from './terminal.js';

interface Outcome {
  readonly dry_run: boolean;
  readonly hits: { readonly clients: Record<string, unknown>[] };
}

export const revokeCommand = (terminal: Terminal): Command =>
  new Command('revoke')
    .description('revokes a token (jti), a family (sid), or everything of a subject, of a client, or at all')
    .argument('<kind>', 'token, family, subject, client or all')
    .argument('[value]', 'the jti, sid, subject or client id; omit it for all')
    .requiredOption('--reason <reason>', 'recorded in the audit log')
    .option('--dry-run', 'only shows what would be revoked')
    .action(
      async (kind: string, value: string | undefined, { reason, dryRun }: { reason: string; dryRun?: boolean }) => {
        const outcome = await terminal.api.post<Outcome>('/revocations', { kind, value, reason, dry_run: dryRun });
        terminal.show(outcome, inWords(outcome));
        if (outcome.dry_run) terminal.say('Nothing was revoked: this was a dry run.');
      },
    );

/** The totals, and a line per client. */
function inWords({ hits: { clients, ...totals }, ...outcome }: Outcome): string {
  const summary = listing({ ...outcome, hits: totals });
  return clients.length === 0
    ? summary
    : `${summary}\n\n${table(clients, ['client_id', 'families', 'subjects', 'last_used_at'])}`;
}
