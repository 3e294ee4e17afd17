import type { OpenSetLoss } from '@openset/core';
import { EplLoss } from '@openset/epl';
import { CosFaceLoss } from '@openset/margin';
import { isInstalled, useBackend } from '../packages/cli/src/backends.ts';
import type { Comparison } from './measure.ts';
import { extraHeap, extraResident } from './memory.ts';
import { type BenchmarkOptions, sideBySide } from './side-by-side.ts';
import { makeTrainingStep } from './training-step.ts';
import { onPlainKernels, startWasm } from './wasm-kernel.ts';

/** A network at a size. */
interface Case {
  readonly depth: 18 | 50;
  readonly side: number;
  readonly batch: number;
  readonly loss: 'softmax' | 'epl';
  readonly classes: number;
  /** Reason why the plain kernels cannot run this case. */
  readonly plain?: string;
}

const networks: Readonly<Record<string, readonly Case[]>> = {
  r18: [
    { depth: 18, side: 32, batch: 32, loss: 'softmax', classes: 1000 },
    { depth: 18, side: 112, batch: 16, loss: 'softmax', classes: 1000, plain: 'out of memory' },
  ],
  // The largest multiple of 8 that fits into the 4 GB of the wasm heap.
  r50: [{ depth: 50, side: 112, batch: 40, loss: 'epl', classes: 10_572, plain: 'out of memory' }],
};

const makers: Readonly<Record<Case['loss'], (numClasses: number) => OpenSetLoss>> = {
  softmax: (numClasses) => new CosFaceLoss({ numClasses, embeddingSize: 512 }),
  epl: (numClasses) => new EplLoss({ numClasses, embeddingSize: 512, startEpoch: 1 }),
};

/**
 * Measures one training step: forward, backward, SGD with momentum and weight decay, and the update of the loss's memory.
 * The reference is stock tfjs-backend-wasm with plain TypeScript for the kernels it lacks. The deep network also runs on
 * the node backend, if that is installed.
 */
export async function trainStep(options: BenchmarkOptions): Promise<Comparison[]> {
  await startWasm(options.threads);
  const cases = networks[options.network ?? 'r18'];
  if (!cases)
    throw new Error(`--network got '${options.network}'; expected ${Object.keys(networks).join(' or ')}.`);
  const chosen = cases.filter(({ side }) => options.size === undefined || options.size === side);
  const rows: Comparison[] = [];
  for (const each of chosen) rows.push(await compareCase(each, 'wasm', options));
  if (options.network !== 'r50') return rows;
  if (!isInstalled('node')) {
    console.warn('No comparison with the node backend: @tensorflow/tfjs-node is not installed.');
    return rows;
  }
  await useBackend('node', { threads: options.threads });
  for (const each of chosen) rows.push(await compareCase(each, 'node', options));
  return rows;
}

async function compareCase(
  { depth, side, batch, loss: kind, classes, plain }: Case,
  backend: 'wasm' | 'node',
  options: BenchmarkOptions,
): Promise<Comparison> {
  const loss = makers[kind](classes);
  const training = makeTrainingStep({ depth, side, batch, classes, loss, learningRate: 0.1 });
  try {
    return await sideBySide(
      `LResNet${depth}E-IR, ${side}², batch ${batch}, ${kind === 'epl' ? 'EPL' : 'CosFace'} with ${classes.toLocaleString('en')} classes${backend === 'node' ? ', node backend' : ''}`,
      {
        openset: training.step,
        stock: backend === 'node' ? '' : (plain ?? onPlainKernels(training.step)),
        pytorch: { name: 'train', options: { depth, side, batch, classes, loss: kind } },
        memory: backend === 'node' ? extraResident : extraHeap,
        runs: 5,
      },
      options,
    );
  } finally {
    training.dispose();
  }
}
