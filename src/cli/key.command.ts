import { Command } from 'commander';
import type { Terminal } from './terminal.js';

/** What access tokens and ID tokens are signed with. */
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
    .description('makes the next keys ahead of the schedule; they sign an hour later')
    .option('--immediately', 'they sign at once, though verifiers may not know them yet')
    .option('--algorithm <algorithm>', 'only the key of this algorithm')
    .action(async (request: { immediately?: boolean; algorithm?: string }) => {
      const { changes } = await api.post<{ changes: object[] }>('/keys/rotations', request);
      terminal.list({ items: changes }, ['change', 'kid', 'algorithm', 'active_from']);
    });
  command
    .command('retire <kid>')
    .allowUnknownOption() // one key id in 64 begins with a hyphen (base64url)
    .description('takes a leaked key out of use: what it signed is believed no more')
    .action(async (kid: string) => {
      await api.delete(`/keys/${encodeURIComponent(kid)}`);
      terminal.done(`Retired ${kid}.`);
    });
  return command;
}
