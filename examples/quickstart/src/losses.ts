import { BceUnifiedLoss } from '@openset/bce-unified';
import type { OpenSetLoss } from '@openset/core';
import { EplLoss } from '@openset/epl';
import { CosFaceLoss, SoftmaxLoss } from '@openset/margin';
import { UniTSFaceLoss, UssLoss } from '@openset/uss';
import { embeddingSize } from './embedder.ts';

/** Digits of the training set. */
export const trainedDigits = [0, 1, 2, 3, 4, 5, 6];
/** Digits that no network sees in training. */
export const unseenDigits = [7, 8, 9];

/**
 * The compared losses. A scale of 16 suits seven classes; the papers' 64 suits ten thousand and more. BCE-unified has no
 * margin, as in its paper: a margin on the positives lowers the learned threshold by a part of the margin. EPL scores its
 * prototypes from epoch 2, because there are few epochs; the paper's code does so from epoch 4 of 28.
 */
const makers = {
  softmax: (seed: number) => new SoftmaxLoss({ ...sizes(seed) }),
  cosface: (seed: number) => new CosFaceLoss({ ...sizes(seed) }),
  'bce-unified': (seed: number) => new BceUnifiedLoss({ ...sizes(seed), margin: 0 }),
  uss: (seed: number) => new UssLoss({ ...sizes(seed) }),
  unitsface: (seed: number) => new UniTSFaceLoss({ ...sizes(seed), classLoss: new CosFaceLoss(sizes(seed)) }),
  epl: (seed: number) => new EplLoss({ ...sizes(seed), startEpoch: 2 }),
};

export type LossName = keyof typeof makers;
export const lossNames = Object.keys(makers) as LossName[];

function sizes(seed: number) {
  return { numClasses: trainedDigits.length, embeddingSize, scale: 16, seed };
}

export function makeLoss(name: LossName, seed: number): OpenSetLoss {
  return makers[name](seed);
}

/** Reads the bank of a loss, [7, 64]: the class weights, or the sample memory if there are no weights. */
export async function readBank(loss: OpenSetLoss): Promise<Float32Array> {
  const state = loss.getState();
  const key = ['weight', 'classLoss.weight', 'featureMemory'].find((name) => name in state);
  const values = (await state[key as string]?.data<'float32'>()) as Float32Array;
  for (const tensor of Object.values(state)) tensor.dispose();
  return values;
}
