import {
  allPairsTarAtFar,
  type BlockProduct,
  exactKFoldVerification,
  kFoldVerification,
  uniformClassification,
} from '@openset/metrics';
import * as tf from '@tensorflow/tfjs-core';
import { type Comparison, compare } from './measure.ts';
import { startWasm } from './wasm-kernel.ts';

const rows = 20_000;
const size = 512;
const blockRows = 1024;

/** Multiplies with `matMul` of the active backend; without `tidy`, which would search the returned scores for tensors. */
const matMulProduct: BlockProduct = (a, b, rowsA, rowsB, size) => {
  const left = tf.tensor2d(a, [rowsA, size]);
  const right = tf.tensor2d(b, [rowsB, size]);
  const product = tf.matMul(left, right, false, true);
  const scores = product.dataSync<'float32'>();
  tf.dispose([left, right, product]);
  return scores;
};

/** Measures metrics at full size. Row names state the goals; all-pairs is compared with a plain product of equal flops. */
export async function metrics(): Promise<Comparison[]> {
  await startWasm();
  const { scores, labels } = classification(50_000, 1000);
  const { similarities, isSame } = verification(6000);
  return [
    measureAlone('uniform accuracy, 50,000 × 1,000 scores (goal 500 ms)', () =>
      uniformClassification(scores, labels, 1000),
    ),
    measureAlone('10 folds of 6,000 pairs (goal 50 ms)', () => kFoldVerification(similarities, isSame)),
    measureAlone('10 folds of 6,000 pairs, exact (goal 50 ms)', () =>
      exactKFoldVerification(similarities, isSame),
    ),
    compareAllPairs('one pass', {}),
    compareAllPairs('two passes', { memory: 0 }),
  ];
}

/** Measures a time without a reference. */
function measureAlone(name: string, work: () => void): Comparison {
  return { ...compare(name, work, null), reference: null };
}

/**
 * Measures TAR@FAR over all pairs next to plain products of the backend with as many floating point operations as the pairs
 * of each pass. Three rounds by turns; each takes seconds.
 */
function compareAllPairs(name: string, options: { memory?: number }): Comparison {
  const embeddings = noise(rows * size);
  const labels = Int32Array.from({ length: rows }, (_, row) => row % 2000);
  const passes = options.memory === 0 ? 2 : 1;
  const products = (passes * rows * (rows - 1)) / 2 / blockRows ** 2;
  const [a, b] = [
    tf.tensor2d(noise(blockRows * size), [blockRows, size]),
    tf.tensor2d(noise(blockRows * size), [size, blockRows]),
  ];
  const plain = () => {
    // Runs the whole products and adds the fractional one in proportion.
    const start = performance.now();
    const whole = Math.floor(products);
    for (let run = 0; run < whole; run++) tf.dispose(tf.matMul(a, b));
    return ((performance.now() - start) * products) / whole;
  };
  const ours = () => {
    const start = performance.now();
    allPairsTarAtFar(embeddings, labels, size, [1e-6, 1e-4], {
      multiply: matMulProduct,
      blockRows,
      ...options,
    });
    return performance.now() - start;
  };
  const rounds = Array.from({ length: 3 }, () => ({ openset: ours(), theirs: plain() }));
  tf.dispose([a, b]);
  const median = (values: number[]) => values.sort((x, y) => x - y)[1]!;
  const ratio = median(rounds.map((round) => round.theirs / round.openset));
  return {
    name: `TAR@FAR of all pairs of ${rows} × ${size}, ${name}: ${(100 * ratio).toFixed(0)} % of the plain product's rate (goal 60 %)`,
    openset: median(rounds.map((round) => round.openset)),
    reference: 'plain product',
    theirs: median(rounds.map((round) => round.theirs)),
    ratio,
  };
}

function classification(samples: number, numClasses: number) {
  const scores = noise(samples * numClasses);
  const labels = Int32Array.from({ length: samples }, (_, sample) => sample % numClasses);
  labels.forEach((label, sample) => {
    scores[sample * numClasses + label]! += 0.8;
  });
  return { scores, labels };
}

function verification(pairs: number) {
  const isSame = Uint8Array.from({ length: pairs }, (_, pair) => pair % 2);
  const similarities = noise(pairs).map((value, pair) => 0.5 * value + 0.3 * isSame[pair]!);
  return { similarities, isSame };
}

/** Returns reproducible numbers in [-1, 1). */
function noise(length: number): Float32Array {
  let state = 1;
  return Float32Array.from({ length }, () => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    return state / 2 ** 30 - 1;
  });
}
