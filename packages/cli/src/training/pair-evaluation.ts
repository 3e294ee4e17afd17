import type { Backbone, Ranks } from '@openset/core';
import type { ImageSource } from '@openset/data';
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
import { flipProbability } from '../features/head-augmentation.ts';
import type { ImageReading } from '../images/image-reading.ts';
import { type PairIndices, type PairSet, pairsAmong } from '../images/pair-set.ts';
import { embedImages } from '../model/embed-images.ts';
import type { Embeddings } from '../model/embeddings.ts';
import { readPairThreshold } from '../model/thresholds.ts';
import type { Output } from '../output.ts';
import { embedOnRanks } from '../ranks/embed-on-ranks.ts';

/** Embeddings of the images of pairs, and the cosine of each pair. Pairs with a bad image are skipped. */
export interface PairScores extends PairIndices {
  readonly embeddings: Embeddings;
  /** `[rows]`: class of each embedding; −1 for none. */
  readonly labels: Int32Array;
  readonly cosines: Float64Array;
}

/** Whether training mirrors images; then an embedding is the sum over the image and its mirror image, as in the papers. */
export function usesFlipSum(config: Pick<RunConfig, 'augment'>): boolean {
  return flipProbability(config) > 0;
}

/**
 * Embeds the images of pairs and computes the cosines. Notes nothing: `prepareData` has read the same images, and cropped their
 * faces if need be.
 * @param ranks ranks that each embed a part of the images; default: this process embeds all
 */
export async function scorePairs(
  set: PairSet,
  network: { readonly backbone: Backbone; readonly flipSum: boolean },
  output: Output,
  reading: ImageReading,
  signal?: AbortSignal,
  ranks: Ranks | null = null,
): Promise<PairScores> {
  const verifier = new Verifier({ ...network, threshold: 0 });
  const quiet = { ...output, note: () => {} };
  const embed = (images: ImageSource) =>
    embedImages(verifier, images, quiet, { ...reading, align: false }, signal);
  const embeddings = ranks ? await embedOnRanks(set.images, ranks, embed) : await embed(set.images);
  const kept = pairsAmong(set, embeddings.indices);
  return {
    ...kept,
    embeddings,
    labels: Int32Array.from(embeddings.indices, (index) => set.images.labels[index]!),
    cosines: pairSimilarities(embeddings.values, embeddings.size, kept.pairs),
  };
}

/**
 * Returns the evaluation of a run on pairs. The best weights have the best accuracy; among equal accuracies, the lowest log
 * loss. If the loss learns a threshold, weights from before it has one are not candidates.
 */
export function pairEvaluation(
  pairs: PairSet,
  config: RunConfig,
  output: Output,
  ranks: Ranks | null = null,
): EvaluationOptions {
  const flipSum = usesFlipSum(config);
  const { epochs, steps } = config.evaluateEvery;
  return {
    ...(epochs === undefined ? {} : { everyEpochs: epochs }),
    ...(steps === undefined ? {} : { everySteps: steps }),
    async run({ backbone, loss, signal }) {
      const { cosines, isSame } = await scorePairs(
        pairs,
        { backbone, flipSum },
        output,
        config,
        // A rank that stopped within the evaluation would leave the others waiting.
        ranks ? undefined : signal,
        ranks,
      ).finally(() => backbone.forInference?.().release()); // Training needs the memory.
      const { accuracy, threshold } = bestAccuracy(cosines, isSame);
      const learned = await readPairThreshold(loss);
      const isCandidate = learned !== null || !learnsPairThreshold(config.loss);
      // At most 1, so it changes the score by less than one pair changes the accuracy. A curve that falls fits well if the
      // network is worse than chance, which is no merit.
      const { slope, logLoss } = plattCalibration(cosines, isSame);
      const tieBreak = slope < 0 ? logLoss : 1;
      return {
        accuracy,
        bestThreshold: threshold,
        ...(learned && { accuracyAtLearned: accuracyAt(cosines, isSame, learned.cosine).accuracy }),
        areaUnderCurve: areaUnderCurve(cosines, isSame),
        score: isCandidate ? accuracy - tieBreak / isSame.length : 'the loss has learned no threshold yet',
      };
    },
    best: { metric: 'score' },
  };
}
