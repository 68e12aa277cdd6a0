/**
 * Builds the service, the examples and the console where something has changed since, and says so; otherwise it costs a third of a second.
 * `npm run build` builds the service alone, as for production.
 */
import ts from 'typescript';
import { buildConsole } from './build-console.mjs';

const PROJECTS = ['tsconfig.build.json', 'tsconfig.examples.json'];
const BUILDING = 6358; // "Building project '…'…"

const format = {
  getCurrentDirectory: ts.sys.getCurrentDirectory,
  getCanonicalFileName: (f) => f,
  getNewLine: () => '\n',
};
let hasBegun = false;

const host = ts.createSolutionBuilderHost(
  ts.sys,
  undefined,
  (problem) => console.error(ts.formatDiagnostic(problem, format).trimEnd()),
  ({ code }) => {
    if (code === BUILDING && !hasBegun) console.error('Building…');
    hasBegun ||= code === BUILDING;
  },
);
process.exitCode = ts.createSolutionBuilder(host, PROJECTS, { verbose: true }).build();
await buildConsole();
