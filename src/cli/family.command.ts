import { Command } from 'commander';
import { importLines } from './import.js';
import { listCommand, type Terminal } from './terminal.js';

const COLUMNS = ['family_id', 'client_id', 'subject', 'state', 'generation', 'scope', 'last_used_at'];

const TIMELINE = ['at', 'event', 'reason', 'generation', 'presented_generation', 'source', 'agent', 'correlation_id'];

interface Fork {
  readonly suspect: string;
  readonly generation: number;
  readonly evidence: readonly string[];
}

interface Timeline {
  readonly fork?: Fork;
}

const SUSPECTS: Readonly<Record<string, string>> = {
  replay: 'the replay looks like the thief',
  successor: 'the successor looks like the thief',
  none: 'both sides look like the same client',
  unknown: 'the events do not tell who the thief is',
};

const forkInWords = ({ suspect, generation, evidence }: Fork): string =>
  [`Forked at generation ${generation}: ${SUSPECTS[suspect]}.`, ...evidence.map((line) => `- ${line}`), ''].join('\n');

export function familyCommand(terminal: Terminal): Command {
  const { api } = terminal;
  const command = new Command('family').description('token families: the sessions of subjects at clients');

  command.addCommand(
    listCommand('list')
      .description('lists families, newest first')
      .option('--subject <subject>', 'of this subject')
      .option('--client <client_id>', 'of this client')
      .option('--state <state>', 'active, expired or revoked')
      .action(async ({ client, ...options }: Record<string, string>) =>
        terminal.list(await api.get('/families', { ...options, client_id: client }), COLUMNS),
      ),
  );
  command
    .command('show <family_id>')
    .description('shows a family')
    .action(async (id: string) => terminal.show(await api.get(`/families/${encodeURIComponent(id)}`)));
  command.addCommand(
    listCommand('timeline')
      .description('shows what happened to a family, newest first, and where it forked')
      .argument('<family_id>')
      .action(async (id: string, options: Record<string, string>) => {
        const timeline = await api.get<Timeline>(`/families/${encodeURIComponent(id)}/timeline`, options);
        terminal.list(timeline, TIMELINE, timeline.fork && forkInWords(timeline.fork));
      }),
  );
  command
    .command('start')
    .description('starts a family and shows its first refresh token, once')
    .requiredOption('--client <client_id>', 'for this client')
    .requiredOption('--subject <subject>', 'for this user')
    .requiredOption('--scope <scope>', 'with spaces between')
    .action(async ({ client, subject, scope }: Record<string, string>) =>
      terminal.show(await api.post('/families', { client_id: client, subject, scope })),
    );
  command
    .command('import <file>')
    .description(
      'adopts families of another server from JSON lines (client_id, subject, scope, refresh_token or refresh_token_sha256); - is standard input. Tokens that are there already are left unchanged',
    )
    .action((file: string) => importLines('families', file, terminal));
  return command;
}
