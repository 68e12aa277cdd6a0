import { Command } from 'commander';
import type { Terminal } from './terminal.js';

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
    .description('creates the next keys ahead of schedule; they sign an hour later')
    .option('--immediately', 'the new keys sign at once, though verifiers may not have them yet')
    .option('--algorithm <algorithm>', 'only the key of this algorithm')
    .action(async (request: { immediately?: boolean; algorithm?: string }) => {
      const { changes } = await api.post<{ changes: object[] }>('/keys/rotations', request);
      terminal.list({ items: changes }, ['change', 'kid', 'algorithm', 'active_from']);
    });
  command
    .command('retire <kid>')
    .allowUnknownOption() // one key id in 64 begins with a hyphen (base64url)
    .description('retires a leaked key: tokens that it signed are refused')
    .action(async (kid: string) => {
      await api.delete(`/keys/${encodeURIComponent(kid)}`);
      terminal.done(`Retired ${kid}.`);
    });
  return command;
}
