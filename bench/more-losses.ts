import { normalValues, type OpenSetLoss } from '@openset/core';
import { CurricularFaceLoss, MvSoftmaxLoss } from '@openset/curricular';
import { CosFaceLoss, SubCenterArcFaceLoss } from '@openset/margin';
import { UnpgLoss } from '@openset/negative-pairs';
import { AdaFaceLoss, MagFaceLoss } from '@openset/quality';
import { SphereFace2Loss } from '@openset/sphereface2';
import { TcmLoss } from '@openset/tcm';
import { VplLoss } from '@openset/vpl';
import * as tf from '@tensorflow/tfjs';
import { batch, classCounts, embeddingSize, lossWork } from './loss-work.ts';
import type { Comparison } from './measure.ts';
import { extraHeap } from './memory.ts';
import { type BenchmarkOptions, sideBySide } from './side-by-side.ts';
import { sampleLabels, startWasm } from './wasm-kernel.ts';

type Sizes = { numClasses: number; embeddingSize: number };

/** A loss, and the name of its authors' head in pytorch/more_losses.py. */
interface Case {
  readonly name: string;
  readonly head: string;
  readonly make: (sizes: Sizes) => OpenSetLoss;
  /** Rows of the bank for each class; default 1. */
  readonly centers?: number;
}

const cases: readonly Case[] = [
  { name: 'AdaFace', head: 'adaface', make: (sizes) => new AdaFaceLoss(sizes) },
  { name: 'MagFace', head: 'magface', make: (sizes) => new MagFaceLoss(sizes) },
  { name: 'CurricularFace', head: 'curricularface', make: (sizes) => new CurricularFaceLoss(sizes) },
  { name: 'MV-Softmax', head: 'mv-softmax', make: (sizes) => new MvSoftmaxLoss(sizes) },
  { name: 'SphereFace2', head: 'sphereface2', make: (sizes) => new SphereFace2Loss(sizes) },
  {
    name: 'sub-center ArcFace, 3 centers',
    head: 'subcenter-arcface',
    make: (sizes) => new SubCenterArcFaceLoss({ ...sizes, subCenters: 3 }),
    centers: 3,
  },
  { name: 'UNPG', head: 'unpg', make: (sizes) => new UnpgLoss(sizes) },
  {
    name: 'VPL, a sample mixed into each class',
    head: 'vpl',
    make: (sizes) => new VplLoss({ ...sizes, startIteration: 0 }),
  },
  {
    name: 'CosFace over a tenth of them (Partial FC)',
    head: 'partial-fc',
    make: (sizes) => new CosFaceLoss({ ...sizes, negativeSampleRate: 0.1 }),
  },
];

/**
 * Measures one step of each loss that extends CosFace, by turns with a step of CosFace over as many rows, and with its authors'
 * head in PyTorch. TCM, which has no classes, comes last.
 */
export async function moreLosses(options: BenchmarkOptions): Promise<Comparison[]> {
  await startWasm(options.threads);
  const rows: Comparison[] = [];
  for (const numClasses of options.size ? [options.size] : Object.values(classCounts)) {
    for (const each of cases) {
      if (options.only && !each.name.includes(options.only)) continue;
      rows.push(await compareWithCosFace(each, numClasses, options));
    }
  }
  if (!options.only || 'TCM'.includes(options.only)) rows.push(await measureTcm(options));
  return rows;
}

async function compareWithCosFace(
  { name, head, make, centers = 1 }: Case,
  numClasses: number,
  options: BenchmarkOptions,
) {
  const loss = make({ numClasses, embeddingSize });
  const cosFace = new CosFaceLoss({ numClasses: numClasses * centers, embeddingSize });
  const embeddings = tf.variable(normalValues([batch, embeddingSize], 1, 1));
  const labels = sampleLabels(batch, numClasses);
  const isLarge = numClasses * centers > 20_000;
  try {
    return await sideBySide(
      `${numClasses.toLocaleString('en')} classes, ${name}`,
      {
        openset: lossWork(loss, embeddings, labels),
        baseline: lossWork(cosFace, embeddings, labels),
        pytorch: { name: 'loss', options: { loss: head, batch, size: embeddingSize, classes: numClasses } },
        memory: extraHeap,
        ...(isLarge && { runs: 7, pytorchRuns: 3 }),
      },
      options,
    );
  } finally {
    loss.dispose();
    cosFace.dispose();
    tf.dispose([embeddings, labels]);
  }
}

async function measureTcm(options: BenchmarkOptions) {
  const loss = new TcmLoss({ numClasses: 64, embeddingSize });
  const embeddings = tf.variable(normalValues([batch, embeddingSize], 1, 1));
  const labels = sampleLabels(batch, 64);
  try {
    return await sideBySide(
      `${batch} samples of 64 classes, TCM`,
      {
        openset: lossWork(loss, embeddings, labels),
        pytorch: { name: 'loss', options: { loss: 'tcm', batch, size: embeddingSize, classes: 64 } },
        memory: extraHeap,
      },
      options,
    );
  } finally {
    loss.dispose();
    tf.dispose([embeddings, labels]);
  }
}
