import { Command } from 'commander';
import { confirm, YES } from './confirmation.js';
import { bodyOf, withClientOptions, type ClientOptions } from './client-options.js';
import { importLines } from './import.js';
import { listing, table } from './output.js';
import { listCommand, type Terminal } from './terminal.js';

const COLUMNS = ['client_id', 'name', 'type', 'token_endpoint_auth_method', 'grant_types', 'scopes', 'disabled'];

interface Health extends Record<string, unknown> {
  readonly delays: Record<string, unknown>[];
  readonly points: unknown;
}

function healthInWords({ delays, points: _, ...totals }: Health): string {
  const distribution = delays.length === 0 ? '' : `\n\n${table(delays, ['up_to_seconds', 'retries', 'late'])}`;
  return listing(totals) + distribution;
}

export function clientCommand(terminal: Terminal): Command {
  const { api } = terminal;
  const command = new Command('client').description('clients and their secrets');

  command.addCommand(
    listCommand('list')
      .description('lists the clients')
      .action(async (options: Record<string, string>) => terminal.list(await api.get('/clients', options), COLUMNS)),
  );
  command
    .command('show <client_id>')
    .description('shows a client')
    .action(async (id: string) => terminal.show(await api.get(path(id))));
  command
    .command('health <client_id>')
    .description('shows how well it refreshes, and the grace period that would help')
    .option('--from <time>', 'by default a day ago, like 2030-01-31T12:00:00Z')
    .option('--to <time>', 'exclusive; by default now')
    .action(async (id: string, options: Record<string, string>) => {
      const health = await api.get<Health>(`${path(id)}/health`, options);
      terminal.show(health, healthInWords(health));
    });
  withClientOptions(command.command('create'))
    .description('registers a client and shows its secret, once')
    .requiredOption('--name <name>', 'what people call it')
    .option('--type <type>', 'confidential or public', 'confidential')
    .action(async (options: ClientOptions) =>
      terminal.show(await api.post('/clients', { type: options['type'], ...bodyOf(options) })),
    );
  withClientOptions(command.command('update <client_id>'))
    .description('changes only the given settings')
    .option('--name <name>', 'what people call it')
    .action(async (id: string, options: ClientOptions) => terminal.show(await api.patch(path(id), bodyOf(options))));
  command
    .command('disable <client_id>')
    .description('stops issuing tokens to it, revokes its access tokens and suspends its families')
    .action(async (id: string) => terminal.show(await api.patch(path(id), { disabled: true })));
  command
    .command('enable <client_id>')
    .description('undoes disable')
    .action(async (id: string) => terminal.show(await api.patch(path(id), { disabled: false })));
  command
    .command('delete <client_id>')
    .description('deletes it and revokes its families and access tokens')
    .option(...YES)
    .action(async (id: string, options: { yes?: boolean }) => {
      const { name } = await api.get(path(id));
      await confirm(`Delete the client ${String(name)}, and revoke all its tokens?`, options);
      await api.delete(path(id));
      terminal.done(`Deleted ${id}.`);
    });
  command
    .command('import <file>')
    .description(
      'registers clients of another server from JSON lines, as POST /admin/v1/clients takes them, with client_id and client_secret or client_secret_hash; - is standard input. Existing clients are left unchanged',
    )
    .action((file: string) => importLines('clients', file, terminal));
  addSecretCommands(command, terminal);
  return command;
}

function addSecretCommands(command: Command, terminal: Terminal): void {
  const { api } = terminal;
  command
    .command('list-secrets <client_id>')
    .description('lists the ids of its secrets')
    .action(async (id: string) =>
      terminal.list(await api.get(`${path(id)}/secrets`), [
        'secret_id',
        'created_at',
        'expires_at',
        'last_used_at',
        'imported',
      ]),
    );
  command
    .command('add-secret <client_id>')
    .description('adds a secret and shows it, once; the existing secrets stay valid')
    .option('--expires-at <time>', 'when it expires, like 2030-01-31T12:00:00Z')
    .option('--others-expire-at <time>', 'when the existing secrets expire')
    .action(async (id: string, options: { expiresAt?: string; othersExpireAt?: string }) => {
      const body = { expires_at: options.expiresAt, others_expire_at: options.othersExpireAt };
      terminal.show(await api.post(`${path(id)}/secrets`, body));
    });
  command
    .command('delete-secret <client_id> <secret_id>')
    .description('deletes a secret, which stops working at once')
    .action(async (id: string, secretId: string) => {
      await api.delete(`${path(id)}/secrets/${encodeURIComponent(secretId)}`);
      terminal.done(`Deleted ${secretId}.`);
    });
}

const path = (clientId: string): string => `/clients/${encodeURIComponent(clientId)}`;
