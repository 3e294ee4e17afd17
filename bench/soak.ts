import { BceUnifiedLoss } from '@openset/bce-unified';
import { normalValues } from '@openset/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Comparison } from './measure.ts';
import type { BenchmarkOptions } from './side-by-side.ts';
import { startWasm } from './wasm-kernel.ts';

const parts = 10;

/**
 * 10,000 steps of a loss: the heap of the backend and the number of tensors must not grow.
 * @throws Error if they do
 */
export async function soak({ threads, size = 10_000 }: BenchmarkOptions): Promise<Comparison[]> {
  await startWasm(threads);
  const loss = new BceUnifiedLoss({ numClasses: 1000, embeddingSize: 64 });
  const embeddings = tf.variable(normalValues([32, 64], 1, 1));
  const labels = tf.tensor1d(
    Array.from({ length: 32 }, (_, row) => row * 31),
    'int32',
  );
  const step = () => {
    const { value, grads } = tf.variableGrads(
      () => loss.forward(embeddings as tf.Tensor2D, labels).loss,
      [embeddings, ...loss.trainable],
    );
    tf.dispose([value, grads]);
  };
  for (let warmup = 0; warmup < 100; warmup++) step();
  const first = state();
  const rows: Comparison[] = [];
  for (let part = 1; part <= parts; part++) {
    const start = performance.now();
    for (let count = 0; count < size / parts; count++) step();
    const { tensors, heap } = state();
    const openset = performance.now() - start;
    const name = `${(part * size) / parts} steps: ${tensors} tensors, heap ${(heap / 2 ** 20).toFixed(1)} MB`;
    rows.push({ name, reference: null, theirs: null, openset, ratio: null });
    if (tensors !== first.tensors || heap !== first.heap) throw new Error(`${name}: it grows.`);
  }
  return rows;
}

function state() {
  const { wasm } = tf.backend() as unknown as { wasm: { HEAPU8: Uint8Array } };
  return { tensors: tf.memory().numTensors, heap: wasm.HEAPU8.length };
}
