#!/usr/bin/env node
/** The command line for operators. It uses the admin API; only `migrate` opens the database. */
import 'reflect-metadata';
import { Command } from 'commander';
import { auditCommand } from './cli/audit.command.js';
import { clientCommand } from './cli/client.command.js';
import { completionCommand } from './cli/completion.command.js';
import { CliError } from './cli/cli-error.js';
import { explainCommand } from './cli/explain.command.js';
import { familyCommand } from './cli/family.command.js';
import { intact } from './cli/intact.js';
import { keyCommand } from './cli/key.command.js';
import { migrateCommand } from './cli/migrate.command.js';
import { revokeCommand } from './cli/revoke.command.js';
import { scopeCommand } from './cli/scope.command.js';
import { secretsCommand } from './cli/secrets.command.js';
import { subjectCommand } from './cli/subject.command.js';
import { Terminal } from './cli/terminal.js';
import { userCommand } from './cli/user.command.js';
import { StartProblem } from './platform/config/start-problem.js';
import { version } from './platform/config/version.js';

const ENVIRONMENT = `
Environment:
  REKEY_URL                  where Rekey is (http://127.0.0.1:3000)
  REKEY_ADMIN_SOCKET         or the Unix socket of a server on this machine
  REKEY_ADMIN_CLIENT_ID      the admin client and its secret; without them those of the embedded
  REKEY_ADMIN_CLIENT_SECRET  server whose data is in REKEY_DATA_DIR (./data)`;

const program = new Command('rekey')
  .description('Administers a Rekey server.')
  .version(version, '--version', 'print the version')
  .option('--json', 'print JSON instead of tables')
  .addHelpText('after', ENVIRONMENT);
const terminal = new Terminal(program);
const commands = [
  clientCommand,
  familyCommand,
  revokeCommand,
  explainCommand,
  auditCommand,
  keyCommand,
  scopeCommand,
  subjectCommand,
  userCommand,
  secretsCommand,
  migrateCommand,
];
for (const command of commands) program.addCommand(command(terminal));
program.addCommand(completionCommand(program));

try {
  intact(process.argv.join(' '), 'The arguments are');
  await program.parseAsync();
} catch (error) {
  const isTheirs = error instanceof CliError || error instanceof StartProblem;
  console.error(isTheirs ? error.message : error);
  // A connection for which pg has no password stays open, and would keep the process until the server closes it.
  process.exit(1);
}
