import type { Command } from 'commander';
import type { SchemaOptions } from '../commands/schema.ts';
import { checkLossWord } from '../config/loss-words.ts';
import { addCommand, type CommonOptions, runCommand } from './command-builder.ts';

/** Adds `openset schema`. */
export function addSchema(program: Command): void {
  addCommand(program, {
    name: 'schema',
    description: 'print the JSON schema of configuration files, for editors',
    example: [
      'openset schema > openset.schema.json       # name it under "$schema" in the configuration file',
      'openset schema --loss ./my-loss.js#MyLoss  # with a loss of your own',
    ].join('\n'),
  })
    .option('--loss <name>', 'loss from a module to include, MODULE#EXPORT', checkLossWord)
    .action(async (options: SchemaOptions & CommonOptions) => {
      const { schema } = await import('../commands/schema.ts');
      await runCommand(options, () => schema(options));
    });
}
