import { join } from 'node:path';
import { DataError } from '@openset/core';
import { type PretrainedNetwork, pretrainedNetworks } from '@openset/pretrained';
import { decimal } from '../evaluation/texts.ts';
import { pathStatus } from '../files/paths.ts';
import type { Output } from '../output.ts';
import { ownModel } from './own-model.ts';

/** Where models are searched, for tests. */
export interface ModelSearch {
  /** Folder with `openset-run`; default: the working folder. */
  readonly folder?: string;
  /** The network to use if the user has trained none. */
  readonly network?: Pick<PretrainedNetwork, 'word' | 'package' | 'threshold'>;
}

/**
 * Returns the model of a command that needs one: the given one, otherwise the user's own in `openset-run`, otherwise the installed
 * `faceres`, which it notes.
 * @param given value of `--model`
 * @throws DataError with the install command if there is neither
 */
export async function chooseModel(
  given: string | undefined,
  output: Output,
  { folder = '.', network = pretrainedNetworks.faceres! }: ModelSearch = {},
): Promise<string> {
  if (given !== undefined) return given;
  const own = join(folder, ownModel);
  if (await pathStatus(own)) return own;
  const { word, package: packageName, threshold } = network;
  await requireInstalled(word, packageName);
  const { cosine, measured } = threshold;
  const source = measured ? `, measured on ${measured.on} (${measured.page})` : '';
  output.note(`model: ${word} of ${packageName}, pair threshold ${decimal(cosine, 3)}${source}`);
  return word;
}

async function requireInstalled(word: string, packageName: string): Promise<void> {
  const { readInstalledModel } = await import('@openset/pretrained/node');
  try {
    readInstalledModel(packageName, '.');
  } catch (error) {
    if (!(error instanceof DataError)) throw error;
    throw new DataError(
      `There is no model: '${ownModel}' does not exist, and the network ${word} is not installed. Install it with 'npm install ` +
        `${packageName}', train a model with 'openset train', or name one with --model.`,
      { cause: error },
    );
  }
}
