import type { Command } from 'commander';
import type { SchemaOptions } from '../commands/schema.ts';
import { checkLossWord } from '../config/loss-words.ts';
import { addCommand, type CommonOptions, runCommand } from './command-builder.ts';
import { schemaText } from './command-texts.ts';

/** Adds `openset schema`. */
export function addSchema(program: Command): void {
  addCommand(program, schemaText)
    .option('--loss <name>', 'loss from a module to include, MODULE#EXPORT', checkLossWord)
    .action(async (options: SchemaOptions & CommonOptions) => {
      const { schema } = await import('../commands/schema.ts');
      await runCommand(options, () => schema(options));
    });
}
