import { parseArgs } from 'node:util';
import { type LossName, lossNames } from './losses.ts';

export interface QuickstartOptions {
  readonly losses: readonly LossName[];
  readonly epochs: number;
  readonly images: number;
  readonly backend: 'wasm' | 'cpu' | 'node';
  readonly seed: number;
  readonly out: string;
  /** A Markdown file whose results table is to be replaced. */
  readonly readme: string | undefined;
}

export const help = `Train a small embedder on the MNIST digits 0–6 with one loss after another, and judge it on unseen
images of 0–6 and on the digits 7–9, which it never saw.

Usage: npm run quickstart -- [options]

  --loss NAMES     which losses, separated by commas: ${lossNames.join(', ')} (default: all)
  --epochs N       passes over the training images (default 3)
  --images N       training images (default 12000; there are 41,935)
  --backend NAME   wasm (default), cpu (slow), or node (needs: npm install @tensorflow/tfjs-node)
  --seed N         of weights, shuffling and pairs (default 1)
  --out FOLDER     where the report goes (default report)
  --readme FILE    also put the table between the quickstart marks of this file
  --help           this text`;

/** Bad options: printed as one line. */
export class UsageError extends Error {}

/** Reads the command line. @returns null if help was asked for @throws UsageError */
export function readOptions(args: readonly string[]): QuickstartOptions | null {
  const values = parse(args);
  if (values.help) return null;
  const names = values.loss === 'all' ? lossNames : values.loss.split(',').map((name) => name.trim());
  const unknown = names.find((name) => !lossNames.includes(name as LossName));
  if (unknown !== undefined)
    throw new UsageError(`--loss knows ${lossNames.join(', ')} and all, not '${unknown}'.`);
  const backends = ['wasm', 'cpu', 'node'] as const;
  const backend = backends.find((name) => name === values.backend);
  if (!backend) throw new UsageError(`--backend knows ${backends.join(', ')}, not '${values.backend}'.`);
  return {
    losses: names as LossName[],
    epochs: wholeNumber('epochs', values.epochs, 1),
    images: wholeNumber('images', values.images, 128),
    seed: wholeNumber('seed', values.seed, 0),
    backend,
    out: values.out,
    readme: values.readme,
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        loss: { type: 'string', default: 'all' },
        epochs: { type: 'string', default: '3' },
        images: { type: 'string', default: '12000' },
        backend: { type: 'string', default: 'wasm' },
        seed: { type: 'string', default: '1' },
        out: { type: 'string', default: 'report' },
        readme: { type: 'string' },
        help: { type: 'boolean', default: false },
      },
    }).values;
  } catch (error) {
    throw new UsageError(`${(error as Error).message} See --help.`);
  }
}

function wholeNumber(option: string, text: string, minimum: number): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= minimum) return value;
  throw new UsageError(`--${option} must be a whole number of at least ${minimum}, not '${text}'.`);
}
