import { Command, InvalidArgumentError } from 'commander';
import { adminRoles } from '../oauth/scope.js';
import { confirm, YES } from './confirmation.js';
import { readPassword } from './secret-prompt.js';
import { listCommand, type Terminal } from './terminal.js';
import { importLines } from './import.js';

const COLUMNS = ['subject', 'username', 'has_password', 'disabled', 'created_at'];

interface CreateOptions {
  readonly subject?: string;
  readonly name?: string;
  readonly email?: string;
  readonly claims?: Record<string, unknown>;
  readonly group?: readonly string[];
  readonly attributes?: Record<string, unknown>;
  readonly withPassword?: boolean;
}

interface UpdateOptions {
  readonly username?: string;
  readonly claims?: Record<string, unknown>;
  readonly group?: readonly string[];
  readonly addGroup?: readonly string[];
  readonly removeGroup?: readonly string[];
  readonly attributes?: Record<string, unknown>;
}

export function userCommand(terminal: Terminal): Command {
  const { api } = terminal;
  const command = new Command('user').description('users who sign in here; <user> is a subject or a username');

  command.addCommand(
    listCommand('list')
      .description('lists the users')
      .option('--username <username>', 'the user with this username')
      .option('--search <text>', 'users whose username, e-mail address, name or subject begins with this')
      .action(async (options: Record<string, string>) => terminal.list(await api.get('/users', options), COLUMNS)),
  );
  command
    .command('show <user>')
    .description('shows a user')
    .action(async (subject: string) => terminal.show(await api.get(path(subject))));
  command
    .command('create <username>')
    .description('creates a user')
    .option('--subject <subject>', 'the sub of the user, if other systems know it; a new UUID otherwise')
    .option('--name <name>', 'the claim name')
    .option('--email <address>', 'the claim email')
    .option('--claims <json>', 'other standard claims, like \'{"locale":"de"}\'', jsonObject)
    .option('--group <group...>', 'the groups that the user is in')
    .option('--attributes <json>', 'other claims, like \'{"department":"Research","roles":["editor"]}\'', jsonObject)
    .option('--with-password', 'asks for the password, or reads it from standard input')
    .action(async (username: string, { subject, withPassword, ...options }: CreateOptions) => {
      const password = withPassword ? await readPassword() : undefined;
      const { claims, group: groups, attributes, ...given } = options;
      const user = { username, subject, password, claims: { ...claims, ...given }, groups, attributes };
      terminal.show(await api.post('/users', user));
    });
  addChangeCommands(command, terminal);
  command
    .command('import <file>')
    .description('imports users from JSON lines; - is standard input. Existing users are left unchanged')
    .action((file: string) => importLines('users', file, terminal));
  return command;
}

function addChangeCommands(command: Command, terminal: Terminal): void {
  const { api } = terminal;
  command
    .command('update <user>')
    .description('changes only what is given')
    .option('--username <username>', 'the name or e-mail address that the user signs in with')
    .option('--claims <json>', 'standard claims, which replace all existing ones', jsonObject)
    .option('--group <group...>', 'the groups that the user is in, in place of the existing ones')
    .option('--add-group <group...>', 'joins these groups')
    .option('--remove-group <group...>', 'leaves these groups')
    .option('--attributes <json>', 'other claims; each replaces the one of its name, and null removes it', jsonObject)
    .action(async (user: string, { group: groups, addGroup, removeGroup, ...given }: UpdateOptions) => {
      const changes = { ...given, groups, add_groups: addGroup, remove_groups: removeGroup };
      terminal.show(await api.patch(path(user), changes));
    });
  command
    .command('set-password <user>')
    .description('asks for the password, or reads it from standard input; signs the user out everywhere')
    .action(async (subject: string) => {
      await api.post(`${path(subject)}/password`, { password: await readPassword() });
      terminal.done(`Set the password of ${subject}.`);
    });
  command
    .command('set-admin-roles <user> [roles...]')
    .description(`what the user may do as an admin: ${adminRoles.join(' ')}; none takes everything away`)
    .action(async (subject: string, roles: string[]) =>
      terminal.show(await api.put(`${path(subject)}/admin-roles`, { admin_roles: roles })),
    );
  command
    .command('disable <user>')
    .description('stops sign-ins and new tokens, revokes the access tokens and suspends the families')
    .action(async (subject: string) => terminal.show(await api.patch(path(subject), { disabled: true })));
  command
    .command('enable <user>')
    .description('undoes disable')
    .action(async (subject: string) => terminal.show(await api.patch(path(subject), { disabled: false })));
  command
    .command('delete <user>')
    .description('deletes the user and revokes all their families and tokens')
    .option(...YES)
    .action(async (subject: string, options: { yes?: boolean }) => {
      const { username } = await api.get(path(subject));
      await confirm(`Delete the user ${String(username)}, and revoke all their tokens?`, options);
      await api.delete(path(subject));
      terminal.done(`Deleted ${subject}.`);
    });
}

const path = (subject: string): string => `/users/${encodeURIComponent(subject)}`;

function jsonObject(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch {
    // Not JSON: the error below says so.
  }
  throw new InvalidArgumentError('It must be a JSON object.');
}
