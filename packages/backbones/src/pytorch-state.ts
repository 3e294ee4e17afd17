import { type Backbone, ConfigError, DataError, type PlainTensor, shapeText } from '@openset/core';
import * as tf from '@tensorflow/tfjs-core';
import { NetworkBackbone } from './network-backbone.ts';
import { inverseOrder, permuted, torchLayout } from './pytorch-layout.ts';
import { listed } from './variable-state.ts';
import type { NetworkWeight } from './weights.ts';

/** Tensors of a PyTorch `state_dict` by name, as `decodeSafetensors` gives them: row-major, in PyTorch's layouts. */
export type PyTorchTensors = Readonly<Record<string, Pick<PlainTensor, 'shape' | 'data'>>>;

/** Options of `loadPyTorchState`. */
export interface LoadPyTorchOptions {
  /** Beginnings of names to be passed over: `['fc.']` for the head of a classifier. */
  readonly ignore?: readonly string[];
}

/**
 * Takes weights and running statistics from PyTorch: the names and layouts of the papers' official code (for
 * `lresnetIR`), of torchvision (for the CIFAR networks), of the widespread PyTorch code of MobileFaceNet.
 *
 * Every name must be accounted for: all that the backbone has must be there with the right shape, and nothing else.
 * `num_batches_tracked` counts for nothing, and a `module.` before all names that count (of `DataParallel`) is taken away.
 * Nothing is written unless everything fits.
 *
 * @throws DataError that lists missing and unexpected names and wrong shapes, all at once
 * @throws ConfigError if the backbone is not a network of this package, or was disposed of
 */
export function loadPyTorchState(
  backbone: NetworkBackbone,
  tensors: PyTorchTensors,
  { ignore = [] }: LoadPyTorchOptions = {},
): void {
  const weights = usableWeights(backbone);
  const found = usableTensors(tensors, ignore);
  const missing: string[] = [];
  const misshapen: string[] = [];
  const loaded = weights.map(({ name, variable, layout }) => {
    const tensor = found.get(name);
    found.delete(name);
    const { shape, order, alternatives } = torchLayout(layout, variable.shape);
    if (!tensor) missing.push(name);
    else if (![shape, ...alternatives].some((one) => tf.util.arraysEqual([...one], [...tensor.shape]))) {
      misshapen.push(`${name} ${shapeText(tensor.shape)}, expected ${shapeText(shape)}`);
    } else if (tensor.data.length !== variable.size) {
      misshapen.push(`${name} ${shapeText(tensor.shape)} with ${tensor.data.length} values`);
    }
    return { variable, tensor, shape, order };
  });
  const unexpected = [...found.keys()];
  if (missing.length + unexpected.length + misshapen.length > 0) {
    throw new DataError(
      `These weights are not of this ${backbone.name}: ${missing.length} missing${listed(missing)}, ` +
        `${unexpected.length} unexpected${listed(unexpected)}, ${misshapen.length} of a wrong shape` +
        `${listed(misshapen)}. Names to be passed over can be given as ignore.`,
    );
  }
  for (const { variable, tensor, shape, order } of loaded) {
    const values = permuted(tensor!.data, shape, inverseOrder(order));
    tf.tidy(() => variable.assign(tf.tensor(values, variable.shape)));
  }
}

function usableTensors(tensors: PyTorchTensors, ignore: readonly string[]) {
  const prefix = 'module.';
  const bare = (name: string) => (name.startsWith(prefix) ? name.slice(prefix.length) : name);
  const isIgnored = (name: string) => ignore.some((start) => name.startsWith(start));
  // First of all: a head that was trained outside of DataParallel has no prefix.
  const entries = Object.entries(tensors).filter(([name]) => {
    return !name.endsWith('.num_batches_tracked') && !isIgnored(name) && !isIgnored(bare(name));
  });
  const prefixed = entries.every(([name]) => name.startsWith(prefix));
  return new Map(entries.map(([name, tensor]) => [prefixed ? bare(name) : name, tensor]));
}

/**
 * The weights and running statistics as PyTorch has them, for `encodeSafetensors` and `model.load_state_dict`; the
 * counterpart of `loadPyTorchState`. `num_batches_tracked` is not there: PyTorch does without it.
 *
 * @throws ConfigError if the backbone is not a network of this package, or was disposed of
 */
export async function toPyTorchState(backbone: NetworkBackbone): Promise<Record<string, PlainTensor>> {
  const entries = usableWeights(backbone).map(async ({ name, variable, layout }) => {
    const { shape, ownShape, order } = torchLayout(layout, variable.shape);
    const data = permuted(await variable.data<'float32'>(), ownShape, order);
    return [name, { shape, dtype: 'float32' as const, data }] as const;
  });
  return Object.fromEntries(await Promise.all(entries));
}

function usableWeights(backbone: Backbone): readonly NetworkWeight[] {
  const { name } = backbone;
  if (!(backbone instanceof NetworkBackbone)) {
    throw new ConfigError(
      `The names that PyTorch gives to weights are known of the networks of this package, and '${name}' is none: ` +
        'make one with createBackbone, or use getState and setState.',
    );
  }
  if (backbone.weights.some(({ variable }) => variable.isDisposed)) {
    throw new ConfigError(`This ${name} was disposed of; make a new one.`);
  }
  return backbone.weights;
}
