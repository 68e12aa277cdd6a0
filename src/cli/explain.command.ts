import { Command } from 'commander';
import { listing, table } from './output.js';
import { readToken } from './secret-prompt.js';
import type { Terminal } from './terminal.js';

interface Explanation extends Record<string, unknown> {
  readonly summary: string;
  readonly steps: Record<string, unknown>[];
  readonly help: readonly string[];
  readonly events: Record<string, unknown>[];
  readonly cause?: object;
}

export const explainCommand = (terminal: Terminal): Command =>
  new Command('explain')
    .description('explains why a refresh token is accepted or refused; the token is read from standard input')
    .option('--correlation-id <id>', 'explains a past request instead, by the X-Correlation-Id of its response')
    .action(async ({ correlationId }: { correlationId?: string }) => {
      const asked = correlationId === undefined ? { token: await readToken() } : { correlation_id: correlationId };
      const explanation = await terminal.api.post<Explanation>('/explain', asked);
      terminal.show(explanation, inWords(explanation));
    });

function inWords({ summary, steps, help, events, cause, ...facts }: Explanation): string {
  const parts = [
    [summary, ...help.map((line) => `- ${line}`)].join('\n'),
    listing(facts),
    steps.length > 0 ? table(steps, ['rule', 'outcome']) : '',
    cause ? `The reuse that ended the family:\n${listing(cause as Record<string, unknown>)}` : '',
    events.length > 0 ? table(events, ['at', 'event', 'reason', 'client_id', 'actor']) : '',
  ];
  return parts.filter((part) => part !== '').join('\n\n');
}
