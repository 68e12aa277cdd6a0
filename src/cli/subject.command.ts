import { Command } from 'commander';
import type { Terminal } from './terminal.js';

/** Users, as far as Rekey knows them. */
export function subjectCommand(terminal: Terminal): Command {
  const { api } = terminal;
  const command = new Command('subject').description('users that tokens speak for');
  command
    .command('show <subject>')
    .description('shows whether a subject is disabled')
    .action(async (subject: string) => terminal.show(await api.get(path(subject))));
  command
    .command('disable <subject>')
    .description('no more tokens for it, and its access tokens are dead; its families wait')
    .action(async (subject: string) => terminal.show(await api.patch(path(subject), { disabled: true })));
  command
    .command('enable <subject>')
    .description('undoes disable')
    .action(async (subject: string) => terminal.show(await api.patch(path(subject), { disabled: false })));
  return command;
}

const path = (subject: string): string => `/subjects/${encodeURIComponent(subject)}`;
