import { createHash } from 'node:crypto';
import type { ImageSource } from '@openset/data';
import manifest from '../../package.json' with { type: 'json' };
import type { GivenSettings } from '../config/settings.ts';
import type { ContentHashes } from '../images/content-hashes.ts';
import { fingerprintImages } from '../training/data-fingerprint.ts';
import type { RunData } from '../training/prepare-data.ts';

/** Texts by what they say, for `RunRanks.checkSame`. */
export type Facts = Readonly<Record<string, string>>;

/**
 * Returns what all ranks must have alike before they read anything: versions, and the options of the command line. Each rank may have its own
 * number of threads.
 */
export function factsOfCommand(options: object): Facts {
  const { threads: _, ...others } = options as Record<string, unknown>;
  const flag = (name: string) => `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
  return {
    'the version of openset': manifest.version,
    'the version of Node': process.version,
    ...named(others, (name) => `the option ${flag(name)}`),
  };
}

/** Returns what all ranks must have alike before they read images: settings, also of files, and the people. */
export function factsOfRun(read: GivenSettings, source: ImageSource, backend: string): Facts {
  const { threads: _, ...settings } = read;
  return {
    ...named(settings, (name) => `the setting ${name}`),
    'the backend': backend,
    ...imageFacts(source, 'in the data'),
  };
}

/** Returns what all ranks must have alike before they train: the images, and where they are. */
export function factsOfData({ train, pairs, hashes }: Pick<RunData, 'train' | 'pairs' | 'hashes'>): Facts {
  return {
    'where images are (--image-memory sets how many fit into memory)': train.isInMemory
      ? 'in memory'
      : 'in files',
    ...imageFacts(train.source, 'to train on'),
    'the number of images in pairs': `${pairs?.images.size ?? 0}`,
    // Otherwise, each rank reads images of its own.
    ...(train.isInMemory && !train.isFeatures && { 'the content of the images (a hash)': contentOf(hashes) }),
  };
}

function named(values: Readonly<Record<string, unknown>>, name: (key: string) => string): Facts {
  const given = Object.entries(values).filter(([, value]) => value !== undefined);
  const text = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value));
  return Object.fromEntries(given.map(([key, value]) => [name(key), text(value)]));
}

function imageFacts(source: ImageSource, what: string): Facts {
  const { people, pictures, sha256 } = fingerprintImages(source);
  return {
    [`the number of people ${what}`]: `${people}`,
    [`the number of images ${what}`]: `${pictures}`,
    [`the people and labels ${what} (a hash)`]: sha256,
  };
}

function contentOf(hashes: ContentHashes): string {
  const all = createHash('sha256');
  for (let index = 0; index < hashes.size; index++) all.update(`${hashes.hashOf(index)}\n`);
  return all.digest('hex');
}
