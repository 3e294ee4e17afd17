import { type Backbone, ConfigError, DataError, type PlainTensor, shapeText } from '@openset/core';
import * as tf from '@tensorflow/tfjs-core';
import { NetworkBackbone } from './network-backbone.ts';
import { invertOrder, permuteAxes, toTorchLayout } from './pytorch-layout.ts';
import { listInParentheses } from './variable-state.ts';
import type { NetworkWeight } from './weights.ts';

/** Tensors of a PyTorch `state_dict` by name, as `decodeSafetensors` returns them: row-major, in PyTorch's layouts. */
export type PyTorchTensors = Readonly<Record<string, Pick<PlainTensor, 'shape' | 'data'>>>;

/** Options of `loadPyTorchState`. */
export interface LoadPyTorchOptions {
  /** Prefixes of names to skip: `['fc.']` for the head of a classifier. */
  readonly ignore?: readonly string[];
}

/**
 * Loads weights and running statistics from PyTorch. Names and layouts are those of the papers' official code for
 * `lresnetIR`, of torchvision for the CIFAR networks, and of the common PyTorch implementation of MobileFaceNet.
 *
 * The tensors must match those of the backbone exactly, none missing and none left over. `num_batches_tracked` is
 * skipped, and a `module.` prefix of all other names (from `DataParallel`) is removed. Nothing is written unless
 * everything matches.
 *
 * @throws DataError with all missing names, unexpected names and wrong shapes
 * @throws ConfigError if the backbone is not a network of this package, or was disposed of
 */
export function loadPyTorchState(
  backbone: NetworkBackbone,
  tensors: PyTorchTensors,
  { ignore = [] }: LoadPyTorchOptions = {},
): void {
  const weights = requireNetworkWeights(backbone);
  const found = selectTensors(tensors, ignore);
  const missing: string[] = [];
  const misshapen: string[] = [];
  const loaded = weights.map(({ name, variable, layout }) => {
    const tensor = found.get(name);
    found.delete(name);
    const { shape, order, alternatives } = toTorchLayout(layout, variable.shape);
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
      `These weights do not fit ${backbone.name}: ${missing.length} missing${listInParentheses(missing)}, ` +
        `${unexpected.length} unexpected${listInParentheses(unexpected)}, ${misshapen.length} of a wrong shape` +
        `${listInParentheses(misshapen)}.`,
      { advice: { option: 'ignore', text: 'The option ignore skips names.' } },
    );
  }
  for (const { variable, tensor, shape, order } of loaded) {
    const values = permuteAxes(tensor!.data, shape, invertOrder(order));
    tf.tidy(() => variable.assign(tf.tensor(values, variable.shape)));
  }
}

function selectTensors(tensors: PyTorchTensors, ignore: readonly string[]) {
  const prefix = 'module.';
  const bare = (name: string) => (name.startsWith(prefix) ? name.slice(prefix.length) : name);
  const isIgnored = (name: string) => ignore.some((start) => name.startsWith(start));
  // Before the prefix is examined: a head that was trained outside of DataParallel has none.
  const entries = Object.entries(tensors).filter(([name]) => {
    return !name.endsWith('.num_batches_tracked') && !isIgnored(name) && !isIgnored(bare(name));
  });
  const prefixed = entries.every(([name]) => name.startsWith(prefix));
  return new Map(entries.map(([name, tensor]) => [prefixed ? bare(name) : name, tensor]));
}

/**
 * Returns the weights and running statistics with PyTorch's names and layouts, for `encodeSafetensors` and
 * `model.load_state_dict`: the inverse of `loadPyTorchState`. `num_batches_tracked` is missing, which PyTorch accepts.
 *
 * @throws ConfigError if the backbone is not a network of this package, or was disposed of
 */
export async function toPyTorchState(backbone: NetworkBackbone): Promise<Record<string, PlainTensor>> {
  const entries = requireNetworkWeights(backbone).map(async ({ name, variable, layout }) => {
    const { shape, ownShape, order } = toTorchLayout(layout, variable.shape);
    const data = permuteAxes(await variable.data<'float32'>(), ownShape, order);
    return [name, { shape, dtype: 'float32' as const, data }] as const;
  });
  return Object.fromEntries(await Promise.all(entries));
}

function requireNetworkWeights(backbone: Backbone): readonly NetworkWeight[] {
  const { name } = backbone;
  if (!(backbone instanceof NetworkBackbone)) {
    throw new ConfigError(
      `'${name}' is not a network of this package, so its weights have no known PyTorch names: create a network with ` +
        'createBackbone, or use getState and setState.',
    );
  }
  if (backbone.weights.some(({ variable }) => variable.isDisposed)) {
    throw new ConfigError(`This ${name} was disposed of; make a new one.`);
  }
  return backbone.weights;
}
