import { BceUnifiedLoss } from '@openset/bce-unified';
import { lossGradients, normalValues, type OpenSetLoss } from '@openset/core';
import { CosFaceLoss } from '@openset/margin';
import { Sgd } from '@openset/train';
import * as tf from '@tensorflow/tfjs-core';
import { batch, classCounts, embeddingSize } from './loss-work.ts';
import { median, type Table, time } from './measure.ts';
import { extraHeap } from './memory.ts';
import type { BenchmarkOptions } from './side-by-side.ts';
import { sampleLabels, startWasm } from './wasm-kernel.ts';

const losses = {
  'BCE-unified': {
    formula: 'bce',
    make: (numClasses: number) => new BceUnifiedLoss({ numClasses, embeddingSize }),
  },
  CosFace: {
    formula: 'softmax',
    make: (numClasses: number) => new CosFaceLoss({ numClasses, embeddingSize }),
  },
} as const;

/**
 * Measures the loss of a batch with the gradient of the embeddings and a step of SGD for the loss's own variables: with the gradient of
 * the class weights as a tensor, with the update in blocks, and in PyTorch with the fastest form of its optimizer.
 */
export async function lossUpdate(options: BenchmarkOptions): Promise<Table> {
  await startWasm(options.threads);
  const rows: string[][] = [];
  for (const numClasses of options.size ? [options.size] : Object.values(classCounts)) {
    for (const name of Object.keys(losses) as (keyof typeof losses)[]) {
      rows.push(await compareForms(name, numClasses, options));
    }
  }
  const times = ['two steps', 'in one', 'PyTorch', 'in one / two steps', 'in one / PyTorch'];
  return { columns: ['', ...times, 'two steps, memory', 'in one, memory', 'PyTorch, memory'], rows };
}

async function compareForms(
  name: keyof typeof losses,
  numClasses: number,
  { pytorch }: BenchmarkOptions,
): Promise<string[]> {
  const { make, formula } = losses[name];
  await pytorch?.begin({
    name: 'update',
    options: { loss: formula, batch, size: embeddingSize, classes: numClasses },
  });
  const [twoSteps, inOne] = [makeStep(make(numClasses), false), makeStep(make(numClasses), true)];
  const steps = [async () => time(twoSteps.step), async () => time(inOne.step)];
  if (pytorch) steps.push(() => pytorch.step());
  // The first two rounds warm up, and create the velocity.
  for (let round = 0; round < 2; round++) for (const step of steps) await step();
  const memory = [extraHeap(twoSteps.step), extraHeap(inOne.step), await pytorch?.memory()];
  const measured: number[][] = steps.map(() => []);
  for (let round = 0; round < (numClasses > 20_000 ? 5 : 15); round++) {
    for (const [side, step] of steps.entries()) measured[side]!.push(await step());
  }
  pytorch?.end();
  twoSteps.dispose();
  inOne.dispose();
  const [two, one, others] = measured as [number[], number[], number[] | undefined];
  const ratio = (to: number[] | undefined) =>
    to ? median(to.map((value, round) => one[round]! / value)).toFixed(2) : '';
  return [
    `${numClasses.toLocaleString('en')} classes, ${name}`,
    ...[two, one, others].map((values) => (values ? `${median(values).toFixed(1)} ms` : '')),
    ratio(two),
    ratio(others),
    ...memory.map((megabytes) => (megabytes === undefined ? '' : `+${megabytes.toFixed(0)} MB`)),
  ];
}

/** Returns a step of loss and SGD, with the update in blocks or not. Takes ownership of the loss. */
function makeStep(loss: OpenSetLoss, inOne: boolean): { step: () => void; dispose: () => void } {
  const optimizer = new Sgd({ learningRate: 0.1, momentum: 0.9, weightDecay: 5e-4 });
  const embeddings = tf.variable(normalValues([batch, embeddingSize], 1, 1));
  const labels = sampleLabels(batch, loss.trainable[0]!.shape[0]!);
  const variables = [embeddings, ...loss.trainable];
  const embed = () => embeddings as tf.Tensor as tf.Tensor2D;
  return {
    step: () => {
      const blockOptimizer = inOne ? optimizer : undefined;
      const result = lossGradients(loss, embed, labels, { variables, blockOptimizer });
      for (const update of result.updates) {
        update.apply(optimizer).dispose();
        update.dispose();
      }
      // The embeddings are a network's output, which no optimizer changes.
      const applied = [...result.gradients].filter(([variable]) => variable !== embeddings);
      optimizer.applyGradients(applied.map(([{ name }, tensor]) => ({ name, tensor })));
      result.value.dataSync();
      result.step.commit();
      result.step.dispose();
      tf.dispose([result.value, ...result.gradients.values()]);
    },
    dispose: () => {
      loss.dispose();
      optimizer.dispose();
      tf.dispose([embeddings, labels]);
    },
  };
}
