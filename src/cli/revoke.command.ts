import { Command } from 'commander';
import { EXIT } from './cli-error.js';
import { confirm, YES } from './confirmation.js';
import { listing, table } from './output.js';
import type { Terminal } from './terminal.js';

interface Outcome {
  readonly kind: string;
  readonly dry_run: boolean;
  readonly hits: { readonly families: number; readonly clients: Record<string, unknown>[] };
}

interface Options {
  readonly reason: string;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
  readonly allowEmpty?: boolean;
  readonly confirmation?: string;
}

export const revokeCommand = (terminal: Terminal): Command =>
  new Command('revoke')
    .description('revokes a token (jti), a family (family_id), or everything of a subject, of a client, or at all')
    .argument('<kind>', 'token, family, subject, client or all')
    .argument('[value]', 'the jti, family_id, subject or username, or client id; omit it for all')
    .requiredOption('--reason <reason>', 'recorded in the audit log')
    .option('--dry-run', 'only shows what would be revoked')
    .option(...YES)
    .option('--confirmation <value>', 'of a dry run: fails if more would be revoked than it showed')
    .option('--allow-empty', 'exit code 0 even if no family was live to revoke')
    .action(
      async (kind: string, value: string | undefined, { reason, dryRun, yes, allowEmpty, confirmation }: Options) => {
        if (kind === 'all' && !dryRun) await confirm('Revoke every token of every user and client?', { yes });
        const outcome = await terminal.api.post<Outcome>('/revocations', {
          kind,
          value,
          reason,
          dry_run: dryRun,
          confirmation,
        });
        terminal.show(outcome, inWords(outcome));
        if (outcome.dry_run) terminal.say('Nothing was revoked: this was a dry run.');
        if (hitNothing(outcome) && !allowEmpty) process.exitCode = EXIT.hitNothing;
      },
    );

/** Access tokens are not counted, so the total for a single token is unknown. */
const hitNothing = ({ kind, hits }: Outcome): boolean => kind !== 'token' && hits.families === 0;

/** The totals, and a line per client. */
function inWords({ hits: { clients, ...totals }, ...outcome }: Outcome): string {
  const nothing = hitNothing({ hits: { clients, ...totals }, ...outcome }) ? ['No live family is hit.'] : [];
  const summary = listing({ ...outcome, hits: totals });
  const perClient =
    clients.length === 0 ? [] : ['', table(clients, ['client_id', 'families', 'subjects', 'last_used_at'])];
  return [...nothing, summary, ...perClient].join('\n');
}
