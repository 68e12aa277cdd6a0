/** The program: the service, or with `REKEY_PROCESSES` a supervisor of several processes that each serve. */
import cluster from 'node:cluster';
import { processConfig } from './platform/config/process-config.js';
import { StartProblem } from './platform/config/start-problem.js';
import { WrongMasterKeyError } from './keys/master-key.js';
import { supervise } from './server/supervisor.js';

try {
  const config = processConfig();
  // The supervisor serves nothing, so it loads nothing of the service.
  if (config.processes > 1 && cluster.isPrimary) supervise(config);
  else await (await import('./serve.js')).serve(config);
} catch (error) {
  console.error(startFailure(error));
  process.exit(1);
}

/** Errors that the operator can fix need no stack trace; others do. Never the error itself: a statement's contains its parameters. */
function startFailure(error: unknown): unknown {
  const isTheirs = error instanceof StartProblem || error instanceof WrongMasterKeyError;
  return error instanceof Error && !isTheirs ? error.stack : String((error as Partial<Error>).message ?? error);
}
