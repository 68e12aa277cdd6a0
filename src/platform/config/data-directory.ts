import { StartProblem } from './start-problem.js';

/**
 * Runs what reads and writes the data directory.
 * @throws StartProblem with the system's reason when it cannot
 */
export function inDataDirectory<T>(dataDir: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error as NodeJS.ErrnoException).syscall) throw error;
    const reason = (error as Error).message;
    throw new StartProblem(
      `The data directory cannot be used: ${reason}. Let this user write to ${dataDir}, or choose another one by REKEY_DATA_DIR=.`,
    );
  }
}
