import { parseArgs } from 'node:util';
import { type LossName, lossNames } from './losses.ts';

/** Options of the command line. */
export interface QuickstartOptions {
  readonly losses: readonly LossName[];
  readonly epochs: number;
  readonly images: number;
  readonly backend: 'wasm' | 'cpu' | 'node';
  readonly seed: number;
  readonly out: string;
  /** Markdown file whose results table the run replaces. */
  readonly readme: string | undefined;
}

/** Text of `--help`. */
export const help = `Trains a small network on the MNIST digits 0–6 with each loss, and evaluates it on unseen images of 0–6 and
on the digits 7–9, which it has never seen.

Usage: npm run quickstart -- [options]

  --loss NAMES     losses, separated by commas: ${lossNames.join(', ')} (default: all)
  --epochs N       epochs of training (default 3)
  --images N       training images (default 12000, at most 41,935)
  --backend NAME   wasm (default), cpu (slow), or node (needs: npm install @tensorflow/tfjs-node)
  --seed N         seed of weights, shuffling and pairs (default 1)
  --out FOLDER     folder for the report (default report)
  --readme FILE    also writes the table between the quickstart marks of this file
  --help           shows this text`;

/** Invalid options; printed as one line. */
export class UsageError extends Error {}

/** Reads the command line. @returns null for `--help` @throws UsageError */
export function readOptions(args: readonly string[]): QuickstartOptions | null {
  const values = parse(args);
  if (values.help) return null;
  const names = values.loss === 'all' ? lossNames : values.loss.split(',').map((name) => name.trim());
  const unknown = names.find((name) => !lossNames.includes(name as LossName));
  if (unknown !== undefined)
    throw new UsageError(`--loss got '${unknown}'; expected all or some of ${lossNames.join(', ')}.`);
  const backends = ['wasm', 'cpu', 'node'] as const;
  const backend = backends.find((name) => name === values.backend);
  if (!backend)
    throw new UsageError(`--backend got '${values.backend}'; expected one of ${backends.join(', ')}.`);
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
  throw new UsageError(`--${option} got '${text}'; expected a whole number of at least ${minimum}.`);
}
