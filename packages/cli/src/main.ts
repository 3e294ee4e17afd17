#!/usr/bin/env node
import { Command, CommanderError } from 'commander';
import manifest from '../package.json' with { type: 'json' };
import { addConformance } from './command-line/conformance-command.ts';
import { addFileCommands } from './command-line/file-commands.ts';
import { addMeasureCommands } from './command-line/measure-commands.ts';
import { addSchema } from './command-line/schema-command.ts';
import { addTrain } from './command-line/train-command.ts';
import { addUseCommands } from './command-line/use-commands.ts';
import { exitCodes } from './exit-codes.ts';

/** A mistake on the command line is one line, as all others are. */
const oneLine = {
  outputError: (text: string, write: (text: string) => void) =>
    write(text.replace(/^error: /, 'openset: ').replaceAll('\n(', ' (')),
};

const program = new Command('openset')
  .description('Open-set recognition: train an embedding with its decision threshold.')
  .version(manifest.version)
  .option('--debug', 'print stack traces')
  .configureOutput(oneLine)
  .exitOverride()
  .addHelpText(
    'after',
    '\nExit codes: 0 done, 1 the answer is no (different, unknown, a case failed), 2 a problem with the command line, files or ' +
      'data, 3 a mistake in openset, 130 stopped and saved.',
  );

addTrain(program);
addMeasureCommands(program);
addUseCommands(program);
addFileCommands(program);
addSchema(program);
addConformance(program);

try {
  await program.parseAsync();
} catch (error) {
  await explain(error);
}

/** Says what was wrong, in a sentence, and sets the exit code. */
async function explain(error: unknown): Promise<void> {
  if (error instanceof CommanderError) {
    // Commander has said it.
    process.exitCode = error.exitCode === 0 ? exitCodes.success : exitCodes.problem;
    return;
  }
  const { problemText } = await import('./problem-text.ts');
  const text = problemText(error);
  process.exitCode = text === null ? exitCodes.bug : exitCodes.problem;
  if (process.argv.includes('--debug')) console.error(error);
  else {
    const message = error instanceof Error ? error.message.split('\n')[0] : String(error);
    const lines = (text ?? `a mistake in openset: ${message}; --debug shows where.`).split('\n');
    for (const line of lines) console.error(`openset: ${line}`);
  }
}
