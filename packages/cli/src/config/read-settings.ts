import { ConfigError } from '@openset/core';
import { readJson } from '../files/read-json.ts';
import { type presets, presets as table } from './presets.ts';
import { parseSettings } from './problems.ts';
import { type Settings, settingsSchema } from './settings.ts';

/**
 * Reads a configuration file.
 * @throws DataError if it cannot be read or is not JSON; ConfigError with a line for each problem
 */
export async function readSettings(path: string): Promise<Settings> {
  const value = await readJson(path, `There is no configuration file '${path}'.`);
  return parseSettings(settingsSchema, value, path);
}

/** How long a run may be said to be: a later word takes the place of an earlier one. */
const lengths = ['epochs', 'steps', 'minutes'] as const;

/**
 * Settings that say once how long a run is: of two lengths one would be passed over.
 * @param what what they are, for the message: the path of a file
 * @throws ConfigError if they say it twice
 */
export function withOneLength(settings: Settings, what: string): Settings {
  const given = lengths.filter((key) => settings[key] !== undefined);
  if (given.length < 2) return settings;
  throw new ConfigError(
    `${what} gives ${given.join(' and ')}, but a run has one length: leave all but one of them out.`,
  );
}

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
