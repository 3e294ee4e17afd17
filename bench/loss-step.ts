import { BceUnifiedLoss } from '@openset/bce-unified';
import { normalValues, type OpenSetLoss } from '@openset/core';
import { EplLoss } from '@openset/epl';
import { CosFaceLoss } from '@openset/margin';
import { UssLoss } from '@openset/uss';
// Registers the gradients that the plain formula needs.
import * as tf from '@tensorflow/tfjs';
import { formulas } from './loss-formulas.ts';
import { batch, classCounts, embeddingSize, lossWork } from './loss-work.ts';
import type { Comparison } from './measure.ts';
import { extraHeap } from './memory.ts';
import { type BenchmarkOptions, sideBySide } from './side-by-side.ts';
import { onStock, sampleLabels, startWasm } from './wasm-kernel.ts';

/** Largest number of classes for which the plain formula fits into the 4 GB of the wasm heap. */
const maxStockClasses = 40_000;

type Sizes = { numClasses: number; embeddingSize: number };

/** A loss of openset, and the name of the authors' formula in loss-formulas.ts and pytorch/losses.py. */
interface Case {
  readonly name: string;
  readonly formula: keyof typeof formulas;
  readonly make: (sizes: Sizes) => OpenSetLoss;
}

const cases: readonly Case[] = [
  {
    name: 'BCE-unified (trained bank)',
    formula: 'bce',
    make: (sizes) => new BceUnifiedLoss(sizes),
  },
  {
    name: 'CosFace (softmax, trained bank)',
    formula: 'softmax',
    make: (sizes) => new CosFaceLoss(sizes),
  },
  {
    name: 'USS (BCE, constant bank)',
    formula: 'uss',
    make: (sizes) => {
      const loss = new UssLoss({ ...sizes, biasInit: 10 });
      // Fills the memory, as if it had seen every class.
      const features = normalValues([sizes.numClasses, embeddingSize], 1, 3);
      loss.featureMemory.assign(features);
      features.dispose();
      return loss;
    },
  },
  {
    name: 'EPL over CosFace (softmax, two banks)',
    formula: 'epl',
    make: (sizes) => new EplLoss({ ...sizes, startEpoch: 1 }),
  },
];

/**
 * Measures one step of a loss, with all gradients and the update of its state: this project's losses, the authors' formula
 * with automatic differentiation on stock tfjs-backend-wasm, and the same formula in PyTorch.
 */
export async function lossStep(options: BenchmarkOptions): Promise<Comparison[]> {
  await startWasm(options.threads);
  const rows: Comparison[] = [];
  for (const numClasses of options.size ? [options.size] : Object.values(classCounts)) {
    for (const each of cases) {
      // The large size covers the papers' losses; softmax differs little from BCE there.
      if (numClasses === classCounts.large && each.formula === 'softmax') continue;
      rows.push(await compareCase(each, numClasses, options));
    }
  }
  return rows;
}

async function compareCase({ name, formula, make }: Case, numClasses: number, options: BenchmarkOptions) {
  const loss = make({ numClasses, embeddingSize });
  const embeddings = tf.variable(normalValues([batch, embeddingSize], 1, 1));
  const labels = sampleLabels(batch, numClasses);
  const stock = onStock(() => {
    const { value, grads } = tf.variableGrads(
      () => formulas[formula](loss, embeddings as tf.Tensor2D, labels),
      [embeddings, ...loss.trainable],
    );
    value.dataSync();
    tf.dispose([value, grads]);
  });
  try {
    return await sideBySide(
      `${numClasses.toLocaleString('en')} classes, ${name}`,
      {
        openset: lossWork(loss, embeddings, labels),
        stock: numClasses > maxStockClasses ? 'out of memory' : stock,
        pytorch: {
          name: 'loss',
          options: { loss: formula, batch, size: embeddingSize, classes: numClasses },
        },
        memory: extraHeap,
      },
      options,
    );
  } finally {
    loss.dispose();
    tf.dispose([embeddings, labels]);
  }
}
