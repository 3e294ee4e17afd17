import '@openset/wasm-kernels';
import '@tensorflow/tfjs-backend-cpu';
import {
  createLoss,
  type LossGradients,
  lossGradients,
  normalValues,
  type OpenSetLoss,
  type Ranks,
  randomNumbers,
  shardedLossGradients,
  shardLoss,
  shardOf,
} from '@openset/core';
import { dataParallel, inProcess } from '@openset/distributed';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { makeRegisteredLoss } from './__fixtures__/registered-loss.ts';
import { losses } from './losses.ts';

const sizes = { numClasses: 7, embeddingSize: 6 };
const steps = 4;

/** What a run returns: by step, the values and gradients; and the state after the last step. */
interface Run {
  readonly values: number[];
  readonly rows: number[][];
  readonly embeddings: number[][];
  readonly state: Record<string, { values: number[]; start: number | null }>;
  readonly threshold: number | null;
}

function batchOf(step: number) {
  const random = randomNumbers(100 + step);
  // No class of the last shard in the first step.
  const classes = step === 0 ? 3 : sizes.numClasses;
  const labels = Array.from({ length: 9 }, () => Math.floor(random() * classes));
  return {
    embeddings: normalValues([9, sizes.embeddingSize], 2, step + 1),
    labels: tf.tensor1d(labels, 'int32'),
  };
}

async function train(
  loss: OpenSetLoss,
  compute: (
    embeddings: tf.Variable<tf.Rank.R2>,
    labels: tf.Tensor1D,
  ) => LossGradients | Promise<LossGradients>,
): Promise<Run> {
  const run = { values: [] as number[], rows: [] as number[][], embeddings: [] as number[][] };
  for (let step = 0; step < steps; step++) {
    const { embeddings, labels } = batchOf(step);
    const variable = tf.variable(embeddings) as tf.Variable<tf.Rank.R2>;
    const { value, gradients, updates, step: pending } = await compute(variable, labels);
    expect(updates).toEqual([]);
    run.values.push(value.dataSync()[0]!);
    run.rows.push(pending.rowLosses ? [...pending.rowLosses.dataSync()] : []);
    run.embeddings.push([...(gradients.get(variable)?.dataSync() ?? [])]);
    for (const [each, gradient] of gradients) {
      if (each !== variable) tf.tidy(() => each.assign(tf.sub(each, tf.mul(gradient, 0.05))));
    }
    pending.commit();
    pending.dispose();
    tf.dispose([value, ...gradients.values(), embeddings, labels, variable]);
  }
  const state: Run['state'] = {};
  for (const [key, tensor] of Object.entries(loss.getState())) {
    state[key] = { values: [...tensor.dataSync()], start: shardOf(tensor)?.start ?? null };
    tensor.dispose();
  }
  const threshold = loss.threshold()?.cosine ?? null;
  loss.dispose();
  return { ...run, state, threshold };
}

const trainWhole = (create: () => OpenSetLoss) => {
  const loss = create();
  return train(loss, (embeddings, labels) =>
    lossGradients(loss, () => embeddings, labels, {
      context: { epoch: 0 },
      variables: [...loss.trainable, embeddings],
    }),
  );
};

const trainShards = (create: () => OpenSetLoss, size: number) =>
  Promise.all(
    inProcess(size).map((communicator) => {
      const ranks: Ranks = dataParallel(communicator);
      const loss = shardLoss(ranks, create);
      return train(loss, (embeddings, labels) =>
        shardedLossGradients(loss, embeddings, labels, ranks, { context: { epoch: 0 } }),
      );
    }),
  );

function difference(expected: readonly number[], found: readonly number[]): number {
  expect(found.length).toBe(expected.length);
  const norm = (values: readonly number[]) =>
    Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
  return norm(expected.map((value, index) => value - found[index]!)) / Math.max(norm(expected), 1e-6);
}

function expectEqual(whole: Run, parts: readonly Run[]): void {
  for (const part of parts) {
    expect(difference(whole.values, part.values)).toBeLessThan(1e-5);
    for (const key of ['rows', 'embeddings'] as const) {
      whole[key].forEach((values, step) => {
        expect(difference(values, part[key][step]!), `${key} of step ${step}`).toBeLessThan(1e-5);
      });
    }
    if (whole.threshold === null) expect(part.threshold).toBeNull();
    else expect(Math.abs(part.threshold! - whole.threshold)).toBeLessThan(1e-6);
  }
  for (const [key, { values }] of Object.entries(whole.state)) {
    const found = parts.map(({ state }) => state[key]!);
    const isSharded = found[0]!.start !== null;
    for (const one of isSharded ? [found.flatMap((part) => part.values)] : found.map((part) => part.values))
      expect(difference(values, one), key).toBeLessThan(1e-5);
  }
}

/** Options that take other ways through the computation than the defaults. */
const variants: Readonly<Record<string, { readonly loss: string } & Record<string, unknown>>> = {
  'softmax with smoothing and a bias for each class': {
    loss: 'SoftmaxLoss',
    normalized: false,
    bias: 'diverse',
    labelSmoothing: 0.1,
  },
  'softmax with a bias for each class': { loss: 'SoftmaxLoss', normalized: false, bias: 'diverse' },
  'filtered negatives': { loss: 'CosFaceLoss', scale: 8, interclassFilteringThreshold: 0.2 },
  'BCE with smoothing': { loss: 'BceUnifiedLoss', scale: 8, margin: 0, labelSmoothing: 0.1 },
  'pairs of negatives': {
    loss: 'BceUnifiedLoss',
    scale: 8,
    negativeSampleRate: 0.5,
    negativeSampling: 'independent',
  },
  'raw products with a bias for each class': { loss: 'BceDiverseLoss', normalized: false },
  'hard negatives on the angle': {
    loss: 'MvSoftmaxLoss',
    scale: 8,
    marginType: 'angular',
    emphasis: 'fixed',
  },
  'exact gradients': {
    loss: 'SphereFace2Loss',
    scale: 8,
    marginType: 'angular',
    gradient: 'exact',
    margin: 0.2,
  },
  'pairs on the angle': { loss: 'UnpgLoss', scale: 8, marginType: 'angular' },
  'remembered samples': { loss: 'VplLoss', scale: 8, injection: 0.3, startIteration: 1, maximumAge: 1 },
  'prototypes, in turn': {
    loss: 'EplLoss',
    scale: 8,
    startEpoch: 1,
    base: 'uniface',
    duplicateLabels: 'sequential',
  },
  'prototypes over hard negatives': {
    loss: 'EplLoss',
    startEpoch: 1,
    classLoss: { loss: 'CurricularFaceLoss', scale: 8 },
  },
  'a started bias': { loss: 'UssLoss', scale: 8, biasInit: 0.5, logitClip: 4 },
  'a mean of BCE and USS': {
    loss: 'UniTSFaceLoss',
    startEpoch: 1,
    combination: 'mean',
    classLoss: { loss: 'BceUnifiedLoss', scale: 8 },
  },
};

const cases: readonly (readonly [string, () => OpenSetLoss])[] = [
  ...losses.map(({ name }) => [name, () => makeRegisteredLoss(name, sizes)] as const),
  ...Object.entries(variants).map(
    ([name, config]) => [name, () => createLoss({ blockSize: 2, ...config }, losses, sizes)] as const,
  ),
];

describe.each(['cpu', 'wasm'])('a loss whose classes are split over ranks, on %s', (backend) => {
  beforeAll(async () => {
    await tf.setBackend(backend);
  });

  it.each(cases)('equals the whole loss: %s', async (_, create) => {
    const tensors = tf.memory().numTensors;
    const whole = await trainWhole(create);
    for (const size of inject('long') ? [1, 2, 3, 4, 7] : [4])
      expectEqual(whole, await trainShards(create, size));
    expect(tf.memory().numTensors).toBe(tensors);
  });
});
