import { Command } from 'commander';
import { confirm, YES } from './confirmation.js';
import { listCommand, type Terminal } from './terminal.js';

const COLUMNS = ['name', 'claims', 'into', 'audience'];

interface ScopeOptions {
  readonly text?: string;
  readonly textZh?: string;
  readonly claim?: readonly string[];
  readonly into?: readonly string[];
  readonly audience?: string | false;
}

const withScopeOptions = (command: Command): Command =>
  command
    .option('--text-zh <text>', 'the same in Traditional Chinese')
    .option('--claim <claim...>', 'the claims that it releases: standard ones, groups, attributes of users')
    .option('--into <place...>', 'where to, for every client: id_token, userinfo, access_token')
    .option('--audience <audience>', 'only into access tokens for this audience')
    .option('--no-audience', 'into access tokens for any audience');

export function scopeCommand(terminal: Terminal): Command {
  const { api } = terminal;
  const command = new Command('scope').description('scopes with claims and texts of their own');
  const text = ['--text <text>', 'what the consent page says that the client asks to do'] as const;

  command.addCommand(
    listCommand('list')
      .description('lists the scopes that are defined here')
      .action(async (options: Record<string, string>) => terminal.list(await api.get('/scopes', options), COLUMNS)),
  );
  command
    .command('show <scope>')
    .description('shows a scope')
    .action(async (name: string) => terminal.show(await api.get(path(name))));
  withScopeOptions(command.command('create <scope>').requiredOption(...text))
    .description('defines a scope')
    .action(async (name: string, options: ScopeOptions) =>
      terminal.show(await api.post('/scopes', { name, ...bodyOf(options) })),
    );
  withScopeOptions(command.command('update <scope>').option(...text))
    .description('changes only what is given')
    .action(async (name: string, options: ScopeOptions) => terminal.show(await api.patch(path(name), bodyOf(options))));
  command
    .command('delete <scope>')
    .description('deletes a scope that no client has')
    .option(...YES)
    .action(async (name: string, options: { yes?: boolean }) => {
      await api.get(path(name));
      await confirm(`Delete the scope ${name}?`, options);
      await api.delete(path(name));
      terminal.done(`Deleted ${name}.`);
    });
  return command;
}

/** JSON omits undefined members. */
const bodyOf = ({ text, textZh, claim: claims, into, audience }: ScopeOptions): object => ({
  ...((text !== undefined || textZh !== undefined) && { texts: { en: text, 'zh-Hant': textZh } }),
  claims,
  into,
  audience: audience === false ? null : audience,
});

const path = (name: string): string => `/scopes/${encodeURIComponent(name)}`;
