import { Command } from 'commander';
import type { Terminal } from './terminal.js';

export function subjectCommand(terminal: Terminal): Command {
  const { api } = terminal;
  const command = new Command('subject').description('the subjects of tokens');
  command
    .command('show <subject>')
    .description('shows whether a subject is disabled')
    .action(async (subject: string) => terminal.show(await api.get(path(subject))));
  command
    .command('disable <subject>')
    .description('stops issuing tokens for it, revokes its access tokens and suspends its families')
    .action(async (subject: string) => terminal.show(await api.patch(path(subject), { disabled: true })));
  command
    .command('enable <subject>')
    .description('undoes disable')
    .action(async (subject: string) => terminal.show(await api.patch(path(subject), { disabled: false })));
  return command;
}

const path = (subject: string): string => `/subjects/${encodeURIComponent(subject)}`;
