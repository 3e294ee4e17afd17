import { BceUnifiedLoss } from '@openset/bce-unified';
import type { OpenSetLoss } from '@openset/core';
import { EplLoss } from '@openset/epl';
import { CosFaceLoss } from '@openset/margin';
import { UniTSFaceLoss } from '@openset/uss';

/** Options that all losses of the study share. The papers' scale of 64 suits ten thousand identities and more. */
export interface LossSizes {
  readonly numClasses: number;
  readonly embeddingSize: number;
  readonly scale: number;
  readonly seed: number;
}

const margin = 0.2;

const makers = {
  CosFace: (sizes: LossSizes) => new CosFaceLoss({ ...sizes, margin }),
  'BCE-unified': (sizes: LossSizes) => new BceUnifiedLoss({ ...sizes, margin }),
  UniTSFace: (sizes: LossSizes) =>
    new UniTSFaceLoss({ ...sizes, classLoss: new CosFaceLoss({ ...sizes, margin }) }),
  'EPL-CosFace': (sizes: LossSizes) => new EplLoss({ ...sizes, margin }),
};

/** Name of a compared loss. */
export type LossName = keyof typeof makers;

export const lossNames = Object.keys(makers) as LossName[];

export function makeLoss(name: LossName, sizes: LossSizes): OpenSetLoss {
  return makers[name](sizes);
}
