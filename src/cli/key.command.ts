import { Command } from 'commander';
import type { Terminal } from './terminal.js';

/** What access tokens are signed with. */
export function keyCommand(terminal: Terminal): Command {
  const { api } = terminal;
  const command = new Command('key').description('signing keys');
  command
    .command('list')
    .description('lists the signing keys')
    .action(async () =>
      terminal.list(await api.get('/keys'), ['kid', 'algorithm', 'state', 'active_from', 'verifies_until']),
    );
  command
    .command('rotate')
    .description('makes the next key ahead of the schedule; it signs an hour later')
    .option('--immediately', 'it signs at once, though verifiers may not know it yet')
    .action(async ({ immediately }: { immediately?: boolean }) => {
      const { changes } = await api.post<{ changes: object[] }>('/keys/rotations', { immediately });
      terminal.list({ items: changes }, ['change', 'kid', 'active_from']);
    });
  command
    .command('retire <kid>')
    .description('takes a leaked key out of use: what it signed is believed no more')
    .action(async (kid: string) => {
      await api.delete(`/keys/${encodeURIComponent(kid)}`);
      terminal.done(`Retired ${kid}.`);
    });
  return command;
}
