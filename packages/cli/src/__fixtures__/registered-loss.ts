import { createLoss, type OpenSetLoss } from '@openset/core';
import { losses } from '../losses.ts';

/** Returns a loss of the registry, with options that make every part of it count. */
export function makeRegisteredLoss(
  name: string,
  sizes: { readonly numClasses: number; readonly embeddingSize: number },
): OpenSetLoss {
  const needed: Readonly<Record<string, object>> = {
    UniTSFaceLoss: { startEpoch: 1, classLoss: { loss: 'CosFaceLoss', scale: 8 } },
    EplLoss: { startEpoch: 1 },
    CombinedLoss: {
      parts: {
        first: { loss: { loss: 'CosFaceLoss', scale: 8 }, weight: 0.3 },
        second: { loss: { loss: 'BceUnifiedLoss', scale: 8 } },
      },
      combination: 'mean',
    },
  };
  const isClassLoss = losses.some((each) => each.name === name && each.hasClassWeights);
  const blocks = isClassLoss ? { blockSize: 3 } : {};
  return createLoss({ loss: name, ...blocks, ...needed[name] }, losses, sizes);
}
