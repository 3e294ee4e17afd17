// @isolate: changes the threads of the backend.
import { BceUnifiedLoss } from '@openset/bce-unified';
import { ConfigError, createLoss, lossGradients, normalValues, weightedSum } from '@openset/core';
import { CosFaceLoss } from '@openset/margin';
import type { Sgd } from '@openset/train';
import { enableWasmTraining } from '@openset/wasm-kernels';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { largestDifference, optimizers, trainLoss, type UpdateCase } from './__fixtures__/update-forms.ts';
import { losses } from './losses.ts';

const sgd = optimizers['SGD with momentum']!;
/** Blocks, groups, and rows that do not fill vectors. */
const shape = { batch: 9, size: 10, numClasses: 1500 };
const sizes = { numClasses: shape.numClasses, embeddingSize: shape.size };
/** So many pairs that their slopes are not kept. */
const manyPairs = { batch: 128, size: 6, numClasses: 25_000 };
const many = { numClasses: manyPairs.numClasses, embeddingSize: manyPairs.size };

const classLosses = losses.filter(({ hasClassWeights }) => hasClassWeights).map(({ name }) => name);
const optionsOf: Readonly<Record<string, object>> = { EplLoss: { startEpoch: 1 } };
const caseOf = (name: string, optimizer: UpdateCase['optimizer']): UpdateCase => ({
  make: () => createLoss({ loss: name, ...optionsOf[name] }, losses, sizes),
  optimizer,
  ...shape,
});

beforeAll(async () => {
  await enableWasmTraining({ threads: 2 });
});
afterAll(async () => {
  await enableWasmTraining({ threads: 1 });
});

describe('loss and update in one, compiled', () => {
  it.each(classLosses)('equals two steps, with the same bits on any number of threads: %s', async (name) => {
    for (const optimizer of Object.values(optimizers)) {
      const each = caseOf(name, optimizer);
      await enableWasmTraining({ threads: 2 });
      const [inOne, inTwo] = [trainLoss(each, true), trainLoss(each, false)];
      expect(largestDifference(inOne, inTwo)).toBeLessThan(1e-6);
      expect(inOne.leaked).toBe(0);
      await enableWasmTraining({ threads: 1 });
      expect(largestDifference(trainLoss(each, true), inOne)).toBe(0);
    }
  });

  const makers = {
    BceUnifiedLoss: () => new BceUnifiedLoss({ ...many, scale: 16 }),
    CosFaceLoss: () => new CosFaceLoss({ ...many, scale: 16 }),
  };
  it.each(Object.entries(makers))('equals two steps if it keeps no slopes: %s', (name, make) => {
    for (const optimizer of Object.values(optimizers)) {
      const each = { make, optimizer, ...manyPairs };
      const [inOne, inTwo] = [trainLoss(each, true), trainLoss(each, false)];
      expect(largestDifference(inOne, inTwo)).toBeLessThan(1e-6);
      expect(inOne.updates).toBe(3);
      // BCE then updates the weights together with the loss, once a step has shown that the loss is not scaled.
      expect(inOne.applied).toBe(name === 'BceUnifiedLoss' ? 2 : 0);
    }
  });

  it('leaves clones of weights and slots unchanged', () => {
    const loss = new CosFaceLoss({ ...sizes, scale: 16 });
    const optimizer = sgd();
    const variables = { weight: loss.weight };
    step(loss, optimizer);
    const kept = [tf.clone(loss.weight), ...Object.values(optimizer.getState(variables))];
    const before = kept.map((tensor) => [...tensor.dataSync()]);
    step(loss, optimizer);
    expect(kept.map((tensor) => [...tensor.dataSync()])).toEqual(before);
    expect([...loss.weight.dataSync()]).not.toEqual(before[0]);
    tf.dispose(kept);
    loss.dispose();
    optimizer.dispose();
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY])('changes nothing if a weight is %s', (bad) => {
    const loss = new BceUnifiedLoss({ ...many, scale: 16 });
    const optimizer = sgd();
    step(loss, optimizer, manyPairs);
    const values = loss.weight.dataSync<'float32'>().slice();
    values[6 * 17_000] = bad;
    tf.tidy(() => loss.weight.assign(tf.tensor2d(values, [many.numClasses, 6])));
    const variables = { weight: loss.weight };
    const state = () => {
      const snapshot = optimizer.getState(variables);
      const numbers = Object.values(snapshot).map((tensor) => tensor.dataSync().slice());
      tf.dispose(snapshot);
      return numbers;
    };
    const before = state();
    expect(forward(loss, optimizer, manyPairs)).toBeNaN();
    expect(loss.weight.dataSync()).toEqual(values);
    expect(state()).toEqual(before);
    loss.dispose();
    optimizer.dispose();
  });

  it('refuses a loss that begins to scale a gradient which it has applied', () => {
    class Scaled extends BceUnifiedLoss {
      factor = 1;
      protected override score(...parameters: Parameters<BceUnifiedLoss['score']>) {
        const scored = super.score(...parameters);
        const { factor } = this;
        return factor === 1 ? scored : { ...scored, loss: weightedSum([scored.loss], [factor]) };
      }
    }
    const loss = new Scaled({ ...many, scale: 16 });
    const optimizer = sgd();
    step(loss, optimizer, manyPairs);
    loss.factor = 3;
    expect(() => forward(loss, optimizer, manyPairs)).toThrow(ConfigError);
    expect(() => forward(loss, optimizer, manyPairs)).not.toThrow();
    loss.dispose();
    optimizer.dispose();
  });

  it('holds a small part of the gradient of the weights', () => {
    const large = { batch: 128, size: 128, numClasses: 25_000 };
    const loss = new CosFaceLoss({ numClasses: large.numClasses, embeddingSize: large.size });
    const optimizer = sgd();
    step(loss, optimizer, large);
    // The gradient alone takes 12.2 MB, kept logits as much.
    expect(peakHeap(() => step(loss, optimizer, large)) / 2 ** 20).toBeLessThan(4);
    const twoSteps = peakHeap(() => step(loss, optimizer, large, false)) / 2 ** 20;
    expect(twoSteps).toBeGreaterThan(12);
    loss.dispose();
    optimizer.dispose();
  });
});

/** Returns the loss of a batch; applies nothing. */
function forward(loss: BceUnifiedLoss | CosFaceLoss, optimizer: Sgd | ReturnType<typeof sgd>, given = shape) {
  const { value, gradients, updates, step: state } = gradientsOf(loss, optimizer, given, true);
  const result = value.dataSync()[0];
  for (const update of updates) update.dispose();
  state.dispose();
  tf.dispose([value, ...gradients.values()]);
  return result;
}

/** Takes a step. */
function step(
  loss: BceUnifiedLoss | CosFaceLoss,
  optimizer: ReturnType<typeof sgd>,
  given = shape,
  inBlocks = true,
): void {
  const { value, gradients, updates, step: state } = gradientsOf(loss, optimizer, given, inBlocks);
  for (const update of updates) {
    update.apply(optimizer).dispose();
    update.dispose();
  }
  optimizer.applyGradients([...gradients].map(([{ name }, tensor]) => ({ name, tensor })));
  state.commit();
  state.dispose();
  tf.dispose([value, ...gradients.values()]);
}

function gradientsOf(
  loss: BceUnifiedLoss | CosFaceLoss,
  optimizer: ReturnType<typeof sgd>,
  { batch, size, numClasses }: typeof shape,
  inBlocks: boolean,
) {
  const embeddings = normalValues([batch, size], 1, 1);
  const labels = tf.tensor1d(
    Array.from({ length: batch }, (_, row) => (row * 7919) % numClasses),
    'int32',
  );
  try {
    const blockOptimizer = inBlocks ? optimizer : undefined;
    return lossGradients(loss, () => tf.clone(embeddings), labels, {
      variables: loss.trainable,
      blockOptimizer,
    });
  } finally {
    tf.dispose([embeddings, labels]);
  }
}

/** Returns the peak growth of the allocated heap during the work, in bytes. */
function peakHeap(work: () => void): number {
  const { wasm } = tf.backend() as unknown as {
    wasm: { _malloc(bytes: number): number; _free(address: number): void };
  };
  const { _malloc, _free } = wasm;
  const allocated = new Map<number, number>();
  let [held, peak] = [0, 0];
  wasm._malloc = (bytes) => {
    const address = _malloc(bytes);
    allocated.set(address, bytes);
    held += bytes;
    peak = Math.max(peak, held);
    return address;
  };
  wasm._free = (address) => {
    held -= allocated.get(address) ?? 0;
    allocated.delete(address);
    _free(address);
  };
  try {
    work();
    return peak;
  } finally {
    Object.assign(wasm, { _malloc, _free });
  }
}
