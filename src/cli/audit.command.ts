import type { Command } from 'commander';
import { listCommand, type Terminal } from './terminal.js';

const COLUMNS = ['at', 'event', 'reason', 'client_id', 'subject', 'family_id', 'sid', 'actor', 'correlation_id'];

export const auditCommand = (terminal: Terminal): Command =>
  listCommand('audit')
    .description('shows the audit log, newest first')
    .option('--subject <subject>')
    .option('--client <client_id>')
    .option('--family <family_id>')
    .option('--sid <sid>', 'of this login session')
    .option('--event <event>', 'like refresh.reused')
    .option('--correlation-id <id>', 'the events of one request')
    .option('--actor <actor>', 'who did it, like user:alice')
    .option('--reason <reason>')
    .option('--source <address>')
    .option('--from <time>', 'like 2030-01-31T12:00:00Z')
    .option('--to <time>', 'exclusive')
    .action(async ({ client, family, correlationId, ...options }: Record<string, string>) => {
      const query = { ...options, client_id: client, family_id: family, correlation_id: correlationId };
      terminal.list(await terminal.api.page('/audit', query), COLUMNS);
    });
