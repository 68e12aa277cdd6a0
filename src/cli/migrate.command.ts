import { Command } from 'commander';
import type { DataSourceOptions } from 'typeorm';
import { fileVariableOf } from '../platform/config/secret-file.js';
import { processConfig } from '../platform/config/process-config.js';
import { codeOf, isDenied, isUnavailable } from '../platform/database/database-errors.js';
import { CliError } from './cli-error.js';
import type { Terminal } from './terminal.js';

/** The only command that opens the database itself; for roll-outs with REKEY_MIGRATE_AT_BOOT=off. */
export const migrateCommand = (terminal: Terminal): Command =>
  new Command('migrate').description('brings the schema of DATABASE_URL up to date').action(async () => {
    if (!process.env.DATABASE_URL && !process.env[fileVariableOf('DATABASE_URL')]) {
      return terminal.done(
        'There is no DATABASE_URL, and the embedded database brings itself up to date at every start.',
      );
    }
    const config = processConfig();
    // Loaded here, so that other commands do not wait for it.
    const { dataSourceOptions } = await import('../platform/database/data-source.js');
    const { EmbeddedDatabase } = await import('../platform/database/embedded-database.js');
    const { migrateOverNetwork } = await import('../platform/database/migrate.js');
    const { migrateAtBoot: _, ...options } = await dataSourceOptions(config, new EmbeddedDatabase(config));
    await migrateOverNetwork(options as DataSourceOptions).catch((error: unknown) => {
      throw problemOf(error);
    });
    terminal.done('The schema is up to date.');
  });

/** Errors that the operator can fix, in one line; others unchanged, with their stack trace. */
function problemOf(error: unknown): unknown {
  if (isDenied(error)) return new CliError(`The database of DATABASE_URL refuses: ${(error as Error).message}`);
  if (isUnavailable(error)) return new CliError(`DATABASE_URL does not answer (${codeOf(error) || 'timeout'}).`);
  return error;
}
