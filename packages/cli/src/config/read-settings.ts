import { DataError } from '@openset/core';
import { readNamed } from '../files/read-named.ts';
import { type presets, presets as table } from './presets.ts';
import { parseSettings } from './problems.ts';
import { type Settings, settingsSchema } from './settings.ts';

/**
 * Reads a configuration file.
 * @throws DataError if it cannot be read or is not JSON; ConfigError with a line for each problem
 */
export async function readSettings(path: string): Promise<Settings> {
  const bytes = await readNamed(path, `There is no configuration file '${path}'.`);
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder().decode(bytes));
  } catch (error) {
    throw new DataError(`${path} is not JSON: ${(error as Error).message}.`, { cause: error });
  }
  return parseSettings(settingsSchema, value, path);
}

/** How long a run may be said to be: a later word takes the place of an earlier one. */
const lengths = ['epochs', 'steps', 'minutes'] as const;

/** The settings of a preset; none without a name. */
export function presetSettings(name: keyof typeof presets | undefined): Settings {
  return name === undefined ? {} : table[name];
}

/** Settings put together, later ones first in rank: entry by entry, and each as a whole. */
export function mergeSettings(...layers: readonly Settings[]): Settings {
  return layers.reduce((merged, layer) => {
    const isLength = lengths.some((key) => layer[key] !== undefined);
    const rest = isLength ? without(merged, lengths) : merged;
    const given = Object.entries(layer).filter(([, value]) => value !== undefined);
    return { ...rest, ...Object.fromEntries(given) };
  }, {});
}

function without(settings: Settings, keys: readonly (keyof Settings)[]): Settings {
  return Object.fromEntries(
    Object.entries(settings).filter(([key]) => !keys.includes(key as keyof Settings)),
  );
}
