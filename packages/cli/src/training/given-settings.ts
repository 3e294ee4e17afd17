import { resolve } from 'node:path';
import { ConfigError } from '@openset/core';
import type { LossWord } from '../config/loss-words.ts';
import type { presets } from '../config/presets.ts';
import { parseSettings } from '../config/problems.ts';
import { mergeSettings, presetSettings, readSettings, withOneLength } from '../config/read-settings.ts';
import { type Settings, settingsSchema } from '../config/settings.ts';
import type { BackendChoice } from '../start-backend.ts';
import { type RunFolder, settingsOfRun } from './run-folder.ts';

/** What the command line says about a run; what is left out is chosen. */
export interface GivenSettings
  extends Pick<Settings, 'data' | 'pairs' | 'images' | 'heldOut' | 'epochs' | 'steps' | 'minutes' | 'seed'>,
    BackendChoice {
  /** A configuration file. */
  readonly config?: string | undefined;
  /** One of the papers' settings. */
  readonly preset?: keyof typeof presets | undefined;
  readonly loss?: LossWord | undefined;
  /** Goes on with the run in the folder. */
  readonly resume?: boolean | undefined;
}

/** Where flags stand, for messages. */
const commandLine = 'The command line';

/**
 * The settings of a run, from preset, file and command line, or from the folder of a run that is to go on; with paths that
 * hold in every folder.
 * @throws ConfigError for mistakes in them; DataError for a file or a run that is not there
 */
export async function settingsOf(given: GivenSettings, folder: RunFolder): Promise<Settings> {
  const settings = given.resume ? await goneOnSettings(given, folder) : await newSettings(given);
  const { data, pairs, images, ...others } = settings;
  const full = (path: string | undefined) => path && resolve(path);
  return { data: full(data), pairs: full(pairs), images: full(images), ...others };
}

async function newSettings(given: GivenSettings): Promise<Settings> {
  const { heldOut, epochs, steps, minutes, seed, backend, threads } = given;
  const { data, pairs, images } = given;
  const flags = { data, pairs, images, heldOut, epochs, steps, minutes, seed, backend, threads };
  const settings = mergeSettings(
    presetSettings(given.preset),
    given.config === undefined ? {} : withOneLength(await readSettings(given.config), given.config),
    withOneLength(checkedFlags(flags), commandLine),
  );
  checkTogether(settings);
  return settings;
}

/** A configuration must take them again when the run goes on. */
function checkedFlags(flags: Settings): Settings {
  return parseSettings(settingsSchema, flags, commandLine);
}

/** @throws ConfigError for settings of which one would be passed over */
function checkTogether({ pairs, images, heldOut = 0 }: Settings): void {
  if (images !== undefined && pairs === undefined) {
    throw new ConfigError('--images goes with --pairs: it is the folder that their paths start from.');
  }
  if (pairs !== undefined && heldOut > 0) {
    throw new ConfigError(
      `Nobody is held out where '${pairs}' has the pairs, but ${heldOut} of the people should be: leave --pairs or ` +
        '--held-out out, or say --held-out 0.',
    );
  }
}

/** @throws ConfigError for options that would make it another run */
async function goneOnSettings(given: GivenSettings, folder: RunFolder): Promise<Settings> {
  const { data, backend, threads } = given;
  const { config, preset, loss, pairs, images, heldOut, epochs, steps, minutes, seed } = given;
  const others = { config, preset, loss, pairs, images, heldOut, epochs, steps, minutes, seed };
  const names = Object.entries(others).flatMap(([name, value]) =>
    value === undefined ? [] : [flagOf(name)],
  );
  if (names.length > 0) {
    throw new ConfigError(
      `--resume goes on with the settings in '${folder.config}': leave out ${names.join(', ')}.`,
    );
  }
  return mergeSettings(await settingsOfRun(folder), checkedFlags({ data, backend, threads }));
}

/** `--held-out` */
function flagOf(name: string): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}
