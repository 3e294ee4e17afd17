import { lresnetIR } from '@openset/backbones';
import { BceUnifiedLoss } from '@openset/bce-unified';
import { minimize, normalValues } from '@openset/core';
import { EplLoss } from '@openset/epl';
import { Sgd } from '@openset/train';
import * as tf from '@tensorflow/tfjs';
import type { Comparison } from './measure.ts';
import type { BenchmarkOptions } from './side-by-side.ts';
import { startWasm } from './wasm-kernel.ts';

const parts = 10;

/**
 * 10,000 steps of a loss, and 500 steps of training a network: the heap of the backend and the number of tensors must not
 * grow.
 * @throws Error if they do
 */
export async function soak({ threads, size = 10_000 }: BenchmarkOptions): Promise<Comparison[]> {
  await startWasm(threads);
  return [...lossSteps(size), ...trainingSteps(Math.ceil(size / 20))];
}

function lossSteps(steps: number): Comparison[] {
  const loss = new BceUnifiedLoss({ numClasses: 1000, embeddingSize: 64 });
  const embeddings = tf.variable(normalValues([32, 64], 1, 1));
  const labels = labelsOf(32, 1000);
  const step = () => {
    const { value, grads } = tf.variableGrads(
      () => loss.forward(embeddings as tf.Tensor2D, labels).loss,
      [embeddings, ...loss.trainable],
    );
    tf.dispose([value, grads]);
  };
  const rows = watch('steps of a loss', steps, 100, step);
  loss.dispose();
  tf.dispose([embeddings, labels]);
  return rows;
}

function trainingSteps(steps: number): Comparison[] {
  const backbone = lresnetIR({ depth: 18, inputSize: 32 });
  const loss = new EplLoss({ numClasses: 1000, embeddingSize: 512, startEpoch: 1 });
  const optimizer = new Sgd({ learningRate: 0.01, momentum: 0.9, weightDecay: 5e-4 });
  const images = tf.randomUniform([8, 32, 32, 3], -1, 1, 'float32', 1) as tf.Tensor4D;
  const labels = labelsOf(8, 1000);
  const step = () => {
    const embed = () => backbone.forward(images, { training: true });
    const value = minimize(optimizer, loss, embed, labels, { epoch: 9 });
    backbone.afterStep?.();
    value.dispose();
  };
  const rows = watch('steps of training LResNet18E-IR with EPL', steps, 5, step);
  backbone.dispose();
  loss.dispose();
  optimizer.dispose();
  tf.dispose([images, labels]);
  return rows;
}

function labelsOf(batch: number, numClasses: number): tf.Tensor1D {
  return tf.tensor1d(
    Array.from({ length: batch }, (_, row) => (row * 31) % numClasses),
    'int32',
  );
}

function watch(what: string, steps: number, warmup: number, step: () => void): Comparison[] {
  for (let count = 0; count < warmup; count++) step();
  const first = state();
  const rows: Comparison[] = [];
  for (let part = 1; part <= parts; part++) {
    const start = performance.now();
    for (let count = 0; count < steps / parts; count++) step();
    const { tensors, heap } = state();
    const openset = performance.now() - start;
    const megabytes = (heap / 2 ** 20).toFixed(1);
    const name = `${(part * steps) / parts} ${what}: ${tensors} tensors, heap ${megabytes} MB`;
    rows.push({ name, reference: null, theirs: null, openset, ratio: null });
    if (tensors !== first.tensors || heap !== first.heap) throw new Error(`${name}: it grows.`);
  }
  return rows;
}

function state() {
  const { wasm } = tf.backend() as unknown as { wasm: { HEAPU8: Uint8Array } };
  return { tensors: tf.memory().numTensors, heap: wasm.HEAPU8.length };
}
