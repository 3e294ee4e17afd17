import { BceUnifiedLoss } from '@openset/bce-unified';
import { lossGradients, normalValues } from '@openset/core';
import { EplLoss } from '@openset/epl';
import * as tf from '@tensorflow/tfjs';
import { completeRun } from './complete-run.ts';
import type { Comparison } from './measure.ts';
import type { BenchmarkOptions } from './side-by-side.ts';
import { makeTrainingStep } from './training-step.ts';
import { sampleLabels, startWasm } from './wasm-kernel.ts';

const parts = 10;

/**
 * Runs 10,000 steps of a loss, 500 training steps of a network, and a complete run of 2,000 steps, and checks that neither
 * the heap of the backend nor the number of tensors grows. The rows of the run also show the resident memory.
 * @throws Error if one of them grows
 */
export async function soak({ threads, size = 10_000 }: BenchmarkOptions): Promise<Comparison[]> {
  await startWasm(threads);
  return [...lossSteps(size), ...trainingSteps(Math.ceil(size / 20)), ...(await runSteps(size / 5))];
}

function lossSteps(steps: number): Comparison[] {
  const loss = new BceUnifiedLoss({ numClasses: 1000, embeddingSize: 64 });
  const embeddings = tf.variable(normalValues([32, 64], 1, 1));
  const labels = sampleLabels(32, 1000);
  const variables = [embeddings, ...loss.trainable];
  const embed = () => embeddings as tf.Tensor2D;
  const step = () => {
    const result = lossGradients(loss, embed, labels, { variables });
    result.step.dispose();
    tf.dispose([result.value, ...result.gradients.values()]);
  };
  const rows = watch('steps of a loss', steps, 100, step);
  loss.dispose();
  tf.dispose([embeddings, labels]);
  return rows;
}

function trainingSteps(steps: number): Comparison[] {
  const classes = 1000;
  const loss = new EplLoss({ numClasses: classes, embeddingSize: 512, startEpoch: 1 });
  const { step, dispose } = makeTrainingStep({
    depth: 18,
    side: 32,
    batch: 8,
    classes,
    loss,
    learningRate: 0.01,
  });
  // Buffers change places from step to step, so the heap settles only after some 80 steps.
  const rows = watch('steps of training LResNet18E-IR with EPL', steps, 150, step);
  dispose();
  return rows;
}

/** Runs the complete run; its first tenth allocates buffers, averaged weights, and the first evaluations and checkpoints. */
async function runSteps(steps: number): Promise<Comparison[]> {
  const part = Math.max(1, Math.round(steps / parts));
  const rows: Comparison[] = [];
  let first: State | undefined;
  let start = performance.now();
  await completeRun(part * parts, (step) => {
    if (step % part !== 0) return;
    const resident = (process.memoryUsage.rss() / 2 ** 20).toFixed(0);
    const row = stateRow(`${step} steps of a run`, start, first);
    rows.push({ ...row, name: `${row.name}, resident ${resident} MB` });
    first ??= readState();
    start = performance.now();
  });
  return rows;
}

function watch(work: string, steps: number, warmup: number, step: () => void): Comparison[] {
  for (let count = 0; count < warmup; count++) step();
  const first = readState();
  const rows: Comparison[] = [];
  for (let part = 1; part <= parts; part++) {
    const start = performance.now();
    for (let count = 0; count < steps / parts; count++) step();
    rows.push(stateRow(`${(part * steps) / parts} ${work}`, start, first));
  }
  return rows;
}

/** Makes a row of the current state. @throws Error if tensors or heap differ from the state before */
function stateRow(work: string, start: number, before: State | undefined): Comparison {
  const openset = performance.now() - start;
  const { tensors, heap } = readState();
  const name = `${work}: ${tensors} tensors, heap ${(heap / 2 ** 20).toFixed(1)} MB`;
  if (before && (tensors !== before.tensors || heap !== before.heap))
    throw new Error(`${name}: memory grows.`);
  return { name, reference: null, theirs: null, openset, ratio: null };
}

interface State {
  readonly tensors: number;
  readonly heap: number;
}

function readState(): State {
  const { wasm } = tf.backend() as unknown as { wasm: { HEAPU8: Uint8Array } };
  return { tensors: tf.memory().numTensors, heap: wasm.HEAPU8.length };
}
