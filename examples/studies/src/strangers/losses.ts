import { BceUnifiedLoss } from '@openset/bce-unified';
import type { OpenSetLoss } from '@openset/core';
import { EplLoss } from '@openset/epl';
import { ArcFaceLoss, CosFaceLoss } from '@openset/margin';
import { UniTSFaceLoss, UssLoss } from '@openset/uss';
import type { LossSizes } from '../lfw/losses.ts';

const margin = 0.2;

const makers = {
  CosFace: (sizes: LossSizes) => new CosFaceLoss({ ...sizes, margin }),
  ArcFace: (sizes: LossSizes) => new ArcFaceLoss({ ...sizes, margin: 0.3 }),
  'BCE-unified': (sizes: LossSizes) => new BceUnifiedLoss({ ...sizes, margin }),
  USS: (sizes: LossSizes) => new UssLoss({ ...sizes, margin: 0.1 }),
  UniTSFace: (sizes: LossSizes) =>
    new UniTSFaceLoss({ ...sizes, classLoss: new CosFaceLoss({ ...sizes, margin }) }),
  'EPL-CosFace': (sizes: LossSizes) => new EplLoss({ ...sizes, margin }),
  'EPL-UniFace': (sizes: LossSizes) => new EplLoss({ ...sizes, base: 'uniface', margin }),
};

/** Name of a loss of the study. */
export type StrangersLoss = keyof typeof makers;

export const strangersLosses = Object.keys(makers) as StrangersLoss[];

/** Creates a loss with the margins that `openset train` chooses for a thousand people. */
export function makeStrangersLoss(name: StrangersLoss, sizes: LossSizes): OpenSetLoss {
  return makers[name](sizes);
}
