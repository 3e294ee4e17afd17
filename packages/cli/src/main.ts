#!/usr/bin/env node
import { Command, CommanderError } from 'commander';
import manifest from '../package.json' with { type: 'json' };
import { addCommands } from './command-line/add-commands.ts';
import { exitCodes } from './exit-codes.ts';
import { handleOutputErrors } from './standard-streams.ts';

/** Prints a command-line error on one line, like all other errors. */
const singleLineErrors = {
  outputError: (text: string, write: (text: string) => void) =>
    write(text.replace(/^error: /, 'openset: ').replaceAll('\n(', ' (')),
};

handleOutputErrors();

const program = new Command('openset')
  .description('Open-set recognition: train an embedding network with its decision threshold.')
  .version(manifest.version)
  .option('--debug', 'print stack traces')
  .configureOutput(singleLineErrors)
  .exitOverride()
  .addHelpText(
    'after',
    '\nExit codes: 0 done, 1 the answer is no (different, unknown, something to mend, a case failed), 2 an error in the command line, files or ' +
      'data, 3 a bug in openset, 130 stopped and saved.',
  );

try {
  await addCommands(program, process.argv.slice(2));
  await program.parseAsync();
} catch (error) {
  await reportError(error);
}

/** Prints one line for each problem and sets the exit code. */
async function reportError(error: unknown): Promise<void> {
  if (error instanceof CommanderError) {
    // Commander has printed its message.
    process.exitCode = error.exitCode === 0 ? exitCodes.success : exitCodes.problem;
    return;
  }
  const { problemText } = await import('./problem-text.ts');
  const text = problemText(error);
  process.exitCode = text === null ? exitCodes.bug : exitCodes.problem;
  if (process.argv.includes('--debug')) console.error(error);
  else {
    const message = error instanceof Error ? error.message.split('\n')[0] : String(error);
    const lines = (text ?? `bug in openset: ${message}; --debug shows where.`).split('\n');
    for (const line of lines) console.error(`openset: ${line}`);
  }
}
