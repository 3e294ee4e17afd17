import { z } from 'zod';
import { isModuleReference, loadLossModule } from '../config/loss-modules.ts';
import { checkLossWord } from '../config/loss-words.ts';
import { settingsSchema } from '../config/settings.ts';
import type { CommandResult } from '../output.ts';

/** Options of `openset schema`. */
export interface SchemaOptions {
  /** Loss from a module that the schema includes, `MODULE#EXPORT`. */
  readonly loss?: string;
}

/**
 * Returns the JSON schema (draft 7) of configuration files, with which editors complete and check them.
 * @throws ConfigError if `loss` is unknown, or if its module cannot be loaded
 */
export async function schema({ loss }: SchemaOptions): Promise<CommandResult<object>> {
  if (loss !== undefined && isModuleReference(checkLossWord(loss))) await loadLossModule(loss);
  const { properties, ...facts } = z.toJSONSchema(settingsSchema(), { target: 'draft-7', io: 'input' });
  const data = {
    title: 'Configuration of openset train',
    ...facts,
    properties: { $schema: { type: 'string' }, ...properties },
  };
  return { data, text: JSON.stringify(data, null, 2) };
}
