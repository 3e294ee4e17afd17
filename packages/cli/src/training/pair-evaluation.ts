import type { Backbone } from '@openset/core';
import {
  accuracyAt,
  areaUnderCurve,
  bestAccuracy,
  pairSimilarities,
  plattCalibration,
} from '@openset/metrics';
import type { EvaluationOptions } from '@openset/train';
import { Verifier } from '@openset/verify';
import { learnsPairThreshold } from '../config/loss-words.ts';
import type { RunConfig } from '../config/settings.ts';
import type { PairSet } from '../images/pair-set.ts';
import { type Embeddings, embedImages } from '../model/embed-images.ts';
import { readPairThreshold } from '../model/thresholds.ts';
import type { Output } from '../output.ts';

/** How a network does on pairs. */
export interface PairScores {
  readonly embeddings: Embeddings;
  readonly cosines: Float64Array;
}

/** Whether images may be mirrored: then embeddings are sums of both, as the papers test. */
export function usesFlips({ augment }: Pick<RunConfig, 'augment'>): boolean {
  return augment.some(({ kind, ...options }) => {
    return kind === 'horizontal-flip' && (options as { probability?: number }).probability !== 0;
  });
}

/** The cosines of all pairs. */
export async function scorePairs(
  { images, pairs }: PairSet,
  network: { readonly backbone: Backbone; readonly flipSum: boolean },
  output: Output,
  signal?: AbortSignal,
): Promise<PairScores> {
  const verifier = new Verifier({ ...network, threshold: 0 });
  const embeddings = await embedImages(verifier, images, output, signal);
  return { embeddings, cosines: pairSimilarities(embeddings.values, embeddings.size, pairs) };
}

/**
 * The evaluation of a run now and then. The weights with the best accuracy are kept, of equal ones those whose probabilities
 * are surest; while a loss that learns a threshold has none yet, its weights are no candidates.
 */
export function pairEvaluation(pairs: PairSet, config: RunConfig, output: Output): EvaluationOptions {
  const flipSum = usesFlips(config);
  const { epochs, steps } = config.evaluateEvery;
  return {
    ...(epochs === undefined ? {} : { everyEpochs: epochs }),
    ...(steps === undefined ? {} : { everySteps: steps }),
    async run({ backbone, loss, signal }) {
      const { cosines } = await scorePairs(pairs, { backbone, flipSum }, output, signal);
      const { isSame } = pairs;
      const { accuracy, threshold } = bestAccuracy(cosines, isSame);
      const learned = await readPairThreshold(loss);
      const isCandidate = learned !== null || !learnsPairThreshold(config.loss);
      // The log loss is below 1, an accuracy more is one pair: so the accuracy decides.
      const { logLoss } = plattCalibration(cosines, isSame);
      return {
        accuracy,
        bestThreshold: threshold,
        ...(learned && { accuracyAtLearned: accuracyAt(cosines, isSame, learned.cosine).accuracy }),
        areaUnderCurve: areaUnderCurve(cosines, isSame),
        score: isCandidate ? accuracy - logLoss / isSame.length : Number.NaN,
      };
    },
    best: { metric: 'score' },
  };
}
