import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import { relativeError } from '@openset/testkit';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, inject, it } from 'vitest';
import { bceCriterion } from './bce-criterion.ts';
import { ClassWeightsLoss } from './class-weights-loss.ts';
import { cosineBankLoss } from './cosine-bank-loss.ts';
import { normalValues } from './initial-values.ts';
import { lossGradients } from './loss-gradients.ts';
import { readRows } from './read-rows.ts';
import { softmaxCriterion } from './softmax-criterion.ts';
import { memoryOf } from './storage.ts';

const batch = 128;
const size = 512;
const distinct = 1000;
const copies = inject('long') ? 200 : 50;
const numClasses = distinct * copies;
const scale = 64;
const bias = Math.log(10 * numClasses);
// Less than a matrix of all similarities, which takes 4 * batch * numClasses bytes.
const limit = (inject('long') ? 64 : 18) * 2 ** 20;

/** The parts of the wasm backend that the test observes. */
interface WasmBackend {
  readonly wasm: { readonly HEAPU8: Uint8Array };
  readonly dataIdMap: {
    get(dataId: object): { shape: number[]; dtype: tf.DataType };
    set(dataId: object, value: { shape: number[]; dtype: tf.DataType }): void;
    delete(dataId: object): boolean;
  };
}

/**
 * Returns the peak bytes of tensor storage that `work` allocates beyond the storage before it, also inside kernels. Shared
 * storage counts once (`tf.memory().numBytes` counts a clone again).
 */
function peakStorage<T>(work: () => T): { result: T; peak: number } {
  const { dataIdMap } = tf.backend() as unknown as WasmBackend;
  const { set, delete: remove } = dataIdMap;
  let [held, peak] = [0, 0];
  const bytes = ({ shape, dtype }: { shape: number[]; dtype: tf.DataType }) =>
    tf.util.sizeFromShape(shape) * tf.util.bytesPerElement(dtype);
  dataIdMap.set = (dataId, value) => {
    set.call(dataIdMap, dataId, value);
    held += bytes(value);
    peak = Math.max(peak, held);
  };
  dataIdMap.delete = (dataId) => {
    held -= bytes(dataIdMap.get(dataId));
    return remove.call(dataIdMap, dataId);
  };
  try {
    return { result: work(), peak };
  } finally {
    Object.assign(dataIdMap, { set, delete: remove });
  }
}

const heapBytes = () => (tf.backend() as unknown as WasmBackend).wasm.HEAPU8.length;
const softplus = (z: number) => Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z)));
const sigmoid = (z: number) => 1 / (1 + Math.exp(-z));
const unitRows = (rows: number[][]) => rows.map((row) => row.map((value) => value / Math.hypot(...row)));

/** Returns the loss and the gradients of the bias and of two bank rows in float64, from one copy of the bank. */
function reference(embeddings: number[][], labels: number[], some: number[][], watchedRow: number) {
  const [units, classes] = [unitRows(embeddings), unitRows(some)];
  let [loss, biasGradient] = [0, 0];
  const rowGradients = [new Float64Array(size), new Float64Array(size)];
  units.forEach((x, row) => {
    classes.forEach((w, j) => {
      const cosine = w.reduce((sum, value, place) => sum + value * x[place]!, 0);
      const z = scale * cosine - bias;
      const own = labels[row] === j ? 1 : 0;
      loss += (copies * softplus(z) - own * z) / batch;
      biasGradient -= (copies * sigmoid(z) - own) / batch;
      if (j !== watchedRow) return;
      // The class itself, and its copy, which is a negative of every row.
      [sigmoid(z) - own, sigmoid(z)].forEach((slope, index) => {
        const factor = (scale * slope) / batch / Math.hypot(...some[j]!);
        x.forEach((value, place) => {
          rowGradients[index]![place]! += factor * (value - cosine * w[place]!);
        });
      });
    });
  });
  return { loss, biasGradient, rowGradients };
}

beforeAll(async () => {
  await tf.setBackend('wasm');
});

it(`a unified BCE over ${numClasses} classes materialises no batch × numClasses matrix`, () => {
  const embeddings = normalValues([batch, size], 1, 1);
  const some = normalValues([distinct, size], 1, 2);
  // Copies of 1000 rows: fast to create, and the result follows from a thousand classes.
  const bank = tf.fill([numClasses, size], 0) as tf.Tensor2D;
  for (let copy = 0; copy < copies; copy++) {
    memoryOf(bank)!.set(memoryOf(some)!, copy * distinct * size);
  }
  const labelList = Array.from({ length: batch }, (_, row) => (7 * row) % distinct);
  const labels = tf.tensor1d(labelList, 'int32');
  const biases = tf.tensor1d([bias]);

  const gradientsOf = tf.valueAndGrads((x, w, b) =>
    cosineBankLoss(
      { embeddings: x as tf.Tensor2D, labels, bank: w as tf.Tensor2D, bias: b as tf.Tensor1D },
      { criterion: bceCriterion, scale },
    ),
  );
  const heapBefore = heapBytes();
  const { result, peak } = peakStorage(() => gradientsOf([embeddings, bank, biases]));
  const gradientBytes = 4 * (numClasses * size + batch * size);
  const heapBeyond = heapBytes() - heapBefore - gradientBytes;
  expect(peak).toBeGreaterThan(gradientBytes);
  expect(peak - gradientBytes).toBeLessThan(limit);
  // Includes up to 96 MB that allocators reserve in advance, packed operands, and scratch space of kernels.
  expect(heapBeyond).toBeLessThan(limit + 96 * 2 ** 20);

  const [, bankGradient, biasGradient] = result.grads as [tf.Tensor2D, tf.Tensor2D, tf.Tensor1D];
  const watchedRow = labelList[1]!;
  const expected = reference(embeddings.arraySync(), labelList, some.arraySync(), watchedRow);
  expect(relativeError(result.value.dataSync(), [expected.loss])).toBeLessThan(1e-5);
  expect(relativeError(biasGradient.dataSync(), [expected.biasGradient])).toBeLessThan(1e-5);
  for (const index of [0, 1]) {
    const row = readRows(bankGradient, watchedRow + index * distinct, 1);
    expect(relativeError(row.dataSync(), expected.rowGradients[index]!)).toBeLessThan(1e-4);
  }

  // The limit catches the plain formula, which allocates one matrix of all similarities.
  const matrix = peakStorage(() => tf.zeros([batch, numClasses]));
  expect(matrix.peak).toBe(4 * batch * numClasses);
  expect(matrix.peak).toBeGreaterThan(limit);
  tf.dispose([embeddings, some, bank, labels, biases, result.value, result.grads, matrix.result]);
});

it('a hundredth of the classes takes memory for these alone', () => {
  class PlainLoss extends ClassWeightsLoss {
    constructor(negativeSampleRate: number) {
      const options = { numClasses: 10_000, embeddingSize: 16, negativeSampleRate };
      super('PlainLoss', options, { criterion: softmaxCriterion, scale }, null);
    }
  }
  const embeddings = normalValues([64, 16], 1, 1);
  const labels = tf.tensor1d(
    Array.from({ length: 64 }, (_, row) => 150 * row),
    'int32',
  );
  const peakAtRate = (rate: number) => {
    const loss = new PlainLoss(rate);
    const { result, peak } = peakStorage(() => lossGradients(loss, () => embeddings, labels));
    result.step.dispose();
    tf.dispose([result.value, ...result.gradients.values()]);
    loss.dispose();
    // The gradient of the weights has a row for each class.
    return peak - 4 * 10_000 * 16;
  };
  // Of 100 classes: logits and rows of 32 kB, some at a time. Three lists of all classes, of 40 kB.
  expect(peakAtRate(0.01)).toBeLessThan(2 ** 19);
  expect(peakAtRate(1)).toBeGreaterThan(4 * 2 ** 20);
  tf.dispose([embeddings, labels]);
});
