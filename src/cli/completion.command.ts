import { Argument, Command } from 'commander';
import { completionScript, shells, type Shell } from './completion.js';

/** @param program whose commands are completed */
export const completionCommand = (program: Command): Command =>
  new Command('completion')
    .description('prints a script that completes commands and options in a shell')
    .addArgument(new Argument('<shell>', 'the shell that loads it').choices(shells))
    .action((shell: Shell) => void process.stdout.write(completionScript(shell, program)));
