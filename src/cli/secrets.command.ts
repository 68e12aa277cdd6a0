import { Command } from 'commander';
import { confirm, YES } from './confirmation.js';
import type { Terminal } from './terminal.js';

export function secretsCommand(terminal: Terminal): Command {
  const { api } = terminal;
  const command = new Command('secrets').description('the master keys (REKEY_SECRET) that open the database');
  command
    .command('status')
    .description('lists them; during a change there are two')
    .action(async () =>
      terminal.list(await api.get('/master-keys'), ['master_key_id', 'current', 'created_at', 'last_started_at']),
    );
  command
    .command('retire <master-key-id>')
    .description('ends a change: no process can start with that master key any more')
    .option(...YES)
    .action(async (id: string, options: { yes?: boolean }) => {
      await confirm(
        `Retire the master key ${id}? A replica that still has it as REKEY_SECRET will not start again.`,
        options,
      );
      await api.delete(`/master-keys/${encodeURIComponent(id)}`);
      terminal.done(`Retired ${id}.`);
    });
  return command;
}
