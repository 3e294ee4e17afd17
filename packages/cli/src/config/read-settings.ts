import { resolve } from 'node:path';
import { ConfigError, DataError } from '@openset/core';
import { pathStatus } from '../files/paths.ts';
import { readJson } from '../files/read-file.ts';
import { checkImageReading } from '../images/check-image-reading.ts';
import type { ImageReading } from '../images/image-reading.ts';
import type { BackendChoice } from '../start-backend.ts';
import type { RunFolder } from '../training/run-paths.ts';
import { isModuleReference, loadLossModule } from './loss-modules.ts';
import { checkClassLossWord, checkLossWord } from './loss-words.ts';
import { networkFor } from './network-schema.ts';
import { parseSettings } from './parse-settings.ts';
import { presets } from './presets.ts';
import { type GivenSettings, type Settings, settingsSchema } from './settings.ts';

/** The flags of `openset train` that are settings of the run; the command chooses what is missing. */
export interface SettingsFlags
  extends Pick<
      Settings,
      | 'data'
      | 'pairs'
      | 'images'
      | 'heldOut'
      | 'epochs'
      | 'steps'
      | 'minutes'
      | 'seed'
      | 'init'
      | 'freeze'
      | 'maxImagesPerPerson'
      | 'imageMemory'
      | 'shardClasses'
      | 'syncBatchNorm'
      | 'gradientWire'
    >,
    BackendChoice,
    ImageReading {
  /** Word of a network, or `graph:PATH#OUTPUT_NODE`. */
  readonly backbone?: string | undefined;
  /** Values of black and white that the graph model of `backbone` expects. */
  readonly inputRange?: readonly [black: number, white: number] | undefined;
  /** Path of a configuration file. */
  readonly config?: string | undefined;
  /** Name of one of the papers' settings. */
  readonly preset?: keyof typeof presets | undefined;
  /** Word for a loss, or `MODULE#EXPORT`; its options depend on the number of people. */
  readonly loss?: string | undefined;
  /** Word for the class loss of the loss, or `MODULE#EXPORT`. */
  readonly classLoss?: string | undefined;
  /** Whether to resume the run in the folder. */
  readonly resume?: boolean | undefined;
}

/** What messages call the flags. */
const commandLine = 'The command line';

/**
 * Reads the settings of a run: flags override the configuration file, which overrides the preset. A resumed run has the
 * settings in its folder. All paths in the result are absolute. `flags.loss` and
 * `flags.classLoss` are not resolved here.
 * @throws ConfigError for invalid or contradictory settings, or if no setting names the images; DataError for a missing
 *   file or run
 */
export async function readRunSettings(flags: SettingsFlags, folder: RunFolder): Promise<GivenSettings> {
  const { loss, classLoss } = flags;
  if (loss !== undefined && isModuleReference(checkLossWord(loss))) await loadLossModule(loss);
  if (classLoss !== undefined && isModuleReference(checkClassLossWord(classLoss)))
    await loadLossModule(classLoss);
  const settings = flags.resume ? await resumedSettings(flags, folder) : await newSettings(flags);
  const { data, pairs, images, featureCache, ...others } = settings;
  if (data === undefined) throw new ConfigError('There is nothing to train on. Name the images with --data.');
  const absolute = (path: string | undefined) => path && resolve(path);
  const paths = { data: resolve(data), pairs: absolute(pairs), images: absolute(images) };
  return { ...paths, featureCache: featureCache === 'off' ? 'off' : absolute(featureCache), ...others };
}

async function newSettings(flags: SettingsFlags): Promise<Settings> {
  const { config, preset, data, pairs, images, heldOut, epochs, steps, minutes, seed, backend, threads } =
    flags;
  const { init, freeze, maxImagesPerPerson, imageMemory, shardClasses, syncBatchNorm, gradientWire } = flags;
  const fromFlags = {
    ...{ data, pairs, images, heldOut, epochs, steps, minutes, seed, backend, threads, init, freeze },
    ...{ maxImagesPerPerson, imageMemory, shardClasses, syncBatchNorm, gradientWire },
    network: networkFlags(flags),
    ...readingFlags(flags),
  };
  const settings = mergeSettings(
    preset === undefined ? {} : presets[preset],
    config === undefined ? {} : requireSingleDuration(await readSettingsFile(config), config),
    requireSingleDuration(checkFlags(fromFlags), commandLine),
  );
  checkPairSettings(settings);
  checkImageReading(settings);
  return settings;
}

/** Returns the network that the flags name; undefined if they name none. @throws ConfigError for an unknown one */
function networkFlags({ backbone, inputRange }: SettingsFlags): Settings['network'] {
  const network = backbone === undefined ? undefined : networkFor(backbone);
  if (inputRange === undefined) return network;
  if (network?.backbone === 'graph') return { ...network, inputRange: [...inputRange] };
  throw new ConfigError(
    '--input-range is of a tfjs graph model: give --backbone graph:PATH.json#OUTPUT_NODE.',
  );
}

/** @throws DataError if the folder holds no run; ConfigError for a flag that would change the run */
async function resumedSettings(flags: SettingsFlags, folder: RunFolder): Promise<Settings> {
  const { config, preset, loss, classLoss, pairs, images, heldOut, epochs, steps, minutes, seed } = flags;
  const { backbone, inputRange, init, freeze, maxImagesPerPerson } = flags;
  const { orientation, align, ...reading } = readingFlags(flags);
  const fixed = {
    ...{ config, preset, loss, classLoss, pairs, images, heldOut, epochs, steps, minutes, seed, orientation },
    ...{ backbone, inputRange, init, freeze, maxImagesPerPerson },
    ...(align === false ? { noAlign: true } : { align }),
  };
  const given = Object.entries(fixed).filter(([, value]) => value !== undefined);
  if (given.length > 0) {
    const names = given.map(([name]) => flagName(name)).join(', ');
    throw new ConfigError(`--resume takes its settings from '${folder.config}'. Remove ${names}.`);
  }
  if (!(await pathStatus(folder.config))) {
    throw new DataError(`'${folder.path}' has no run to resume: there is no '${folder.config}'.`);
  }
  const { data, backend, threads, imageMemory, shardClasses, syncBatchNorm, gradientWire } = flags;
  return mergeSettings(
    // Runs of versions that did not turn or crop images, and took all of a person.
    { orientation: 'ignore', crop: null, align: false, maxImagesPerPerson: null },
    await readSettingsFile(folder.config),
    checkFlags({
      data,
      backend,
      threads,
      imageMemory,
      shardClasses,
      syncBatchNorm,
      gradientWire,
      ...reading,
    }),
  );
}

/** Returns the flags that say how images are read. */
export function readingFlags({
  onBadImage,
  maxBad,
  orientation,
  failOn,
  maxPixels,
  align,
  featureCache,
}: SettingsFlags): Omit<ImageReading, 'crop'> {
  return { onBadImage, maxBad, orientation, failOn, maxPixels, align, featureCache };
}

/**
 * Reads a configuration file.
 * @throws DataError if the file cannot be read or is not JSON; ConfigError with a line for each problem
 */
async function readSettingsFile(path: string): Promise<Settings> {
  const value = await readJson(path, `There is no configuration file '${path}'.`);
  await loadModulesOf((value as { loss?: unknown } | null)?.loss);
  return parseSettings(settingsSchema(), withoutSchemaName(value), path);
}

/** `$schema` names the schema for editors; it is no setting. */
function withoutSchemaName(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const { $schema: _, ...settings } = value as { readonly $schema?: unknown };
  return settings;
}

/** Loads the modules of a loss and of the losses nested in it, so that the schema knows them. */
async function loadModulesOf(loss: unknown): Promise<void> {
  if (typeof loss !== 'object' || loss === null) return;
  for (const [key, value] of Object.entries(loss)) {
    if (key === 'module' && typeof value === 'string') await loadLossModule(value);
    else await loadModulesOf(value);
  }
}

/** Checks flags against the schema of files, so that `config.json` can hold them. */
function checkFlags(flags: Settings): Settings {
  return parseSettings(settingsSchema(), flags, commandLine);
}

/** The settings that give the length of a run. */
const durations = ['epochs', 'steps', 'minutes'] as const;

/**
 * Returns the settings if they give at most one length.
 * @param name of their source, for the message
 */
function requireSingleDuration(settings: Settings, name: string): Settings {
  const given = durations.filter((key) => settings[key] !== undefined);
  if (given.length < 2) return settings;
  throw new ConfigError(`${name} gives ${given.join(' and ')}, but a run has one length. Keep one of them.`);
}

/** @throws ConfigError for settings that contradict each other */
function checkPairSettings({ pairs, images, heldOut = 0 }: Settings): void {
  if (images !== undefined && pairs === undefined) {
    throw new ConfigError(
      '--images needs --pairs: it is the folder that the paths in --pairs are relative to.',
    );
  }
  if (pairs !== undefined && heldOut > 0) {
    throw new ConfigError(
      `The settings have both pairs ('${pairs}') and heldOut (${heldOut}), but a run evaluates on one of them. Remove ` +
        '--pairs or --held-out, or use --held-out 0.',
    );
  }
}

/** Merges settings entry by entry; later layers override earlier ones, and one length overrides another. */
export function mergeSettings(...layers: readonly Settings[]): Settings {
  return layers.reduce((merged, layer) => {
    const hasDuration = durations.some((key) => layer[key] !== undefined);
    const kept = hasDuration ? omit(merged, durations) : merged;
    const given = Object.entries(layer).filter(([, value]) => value !== undefined);
    return { ...kept, ...Object.fromEntries(given) };
  }, {});
}

function omit(settings: Settings, keys: readonly (keyof Settings)[]): Settings {
  return Object.fromEntries(
    Object.entries(settings).filter(([key]) => !keys.includes(key as keyof Settings)),
  );
}

/** `heldOut` becomes `--held-out`. */
function flagName(name: string): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}
