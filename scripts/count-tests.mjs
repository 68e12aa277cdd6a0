/** Adds up Jest's results and prints one line. */
import { readFileSync } from 'node:fs';

let [passed, failed, skipped] = [0, 0, 0];
for (const path of process.argv.slice(2)) {
  let results;
  try {
    results = JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    continue; // that run has not come this far
  }
  passed += results.numPassedTests;
  // A file that could not be loaded has no tests, but counts as a failure.
  failed += results.numFailedTests + results.numRuntimeErrorTestSuites;
  skipped += results.numPendingTests + results.numTodoTests;
}
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
