import { type ImageSource, subsetSource } from '@openset/data';
import { Trainer } from '@openset/train';
import {
  type CrossFitPart,
  crossFitThreshold,
  type ImpostorScores,
  type ThresholdEstimate,
} from '@openset/verify';
import type { RunConfig } from '../config/settings.ts';
import { embedFeatures } from '../features/embed-features.ts';
import { FeatureBackbone } from '../features/split-network.ts';
import { scorePeople } from '../model/people-pairs.ts';
import type { Output } from '../output.ts';
import { buildRun, type RunParts } from './build-run.ts';
import { usesFlipSum } from './pair-evaluation.ts';
import type { TrainingSet } from './prepare-data.ts';
import { trainingSampler } from './training-sampler.ts';

/** Number of heads, each trained without one part of the people. */
const partCount = 5;
/** Number of people in a part, at least: below two there are no pairs of different people. */
const peopleInPart = 2;

/**
 * Estimates the threshold of a head on its own training people, for sets with too few people to hold out. Trains five more
 * heads, each without a fifth of the people and for as many steps as the one that is kept, and scores that fifth with it. A head
 * on features takes seconds.
 * @param run the head that is kept, trained on all people of the set
 * @param step number of steps that it was trained for: cosines change while a head trains
 * @param signal aborted to stop
 * @returns null if the run trains no head on features, for fewer than ten people, if the parts have no pairs of the
 *   same person, or if embeddings have collapsed
 * @throws what training throws; the reason of an aborted signal
 */
export async function crossFitHead(
  config: RunConfig,
  set: TrainingSet,
  run: Pick<RunParts, 'backbone'>,
  step: number,
  output: Output,
  signal?: AbortSignal,
): Promise<ThresholdEstimate | null> {
  const { source } = set;
  const people = source.classNames.length;
  if (people < partCount * peopleInPart || !(run.backbone instanceof FeatureBackbone)) return null;
  const flipSum = usesFlipSum(config);
  const parts: CrossFitPart[] = [];
  for (let part = 0; part < partCount; part++) {
    output.note(`cross-fit: training head ${part + 1} of ${partCount} without a part of the people …`);
    const rest = selectPeople(source, (person) => person % partCount !== part);
    const batchSize = Math.min(config.batchSize, trainingSampler(config, rest.labels).length);
    const other = await buildRun({ ...config, batchSize }, { ...set, source: rest });
    try {
      for await (const event of new Trainer(other.options)) {
        signal?.throwIfAborted();
        if (event.kind === 'step' && event.step >= step) break;
      }
      const backbone = other.backbone as FeatureBackbone;
      const impostors = await impostorScores(backbone, rest, flipSum);
      // Labels stay those of the whole set, so that no two people share a number.
      const held = subsetSource(
        source,
        rowsOf(source, (person) => person % partCount === part),
      );
      const embeddings = await embedFeatures(backbone, held, flipSum, signal);
      const labels = Int32Array.from(embeddings.indices, (index) => held.labels[index]!);
      parts.push({ ...scorePeople(embeddings, labels), impostors });
    } finally {
      other.dispose();
    }
  }
  const final = await impostorScores(run.backbone, source, flipSum);
  const hasSame = parts.some(({ isSame }) => Array.from(isSame).some((same) => same === 1));
  // Of collapsed embeddings, all cosines are equal.
  const isSpread = [...parts.map(({ impostors }) => impostors), final].every(
    ({ deviation }) => deviation > 0,
  );
  return hasSame && isSpread ? crossFitThreshold(parts, final) : null;
}

function rowsOf({ labels }: ImageSource, isChosen: (person: number) => boolean): number[] {
  return [...labels.keys()].filter((row) => labels[row]! >= 0 && isChosen(labels[row]!));
}

/** Returns the images of some people, with renumbered classes. */
function selectPeople(source: ImageSource, isChosen: (person: number) => boolean): ImageSource {
  const classes = [...source.classNames.keys()].filter(isChosen);
  return subsetSource(source, rowsOf(source, isChosen), classes);
}

/** Returns mean and deviation of the cosines of different people among those that a head was trained on. */
async function impostorScores(
  backbone: FeatureBackbone,
  source: ImageSource,
  flipSum: boolean,
): Promise<ImpostorScores> {
  const embeddings = await embedFeatures(backbone, source, flipSum);
  const labels = Int32Array.from(embeddings.indices, (index) => source.labels[index]!);
  const { cosines, isSame } = scorePeople(embeddings, labels);
  const different = cosines.filter((_, pair) => isSame[pair] === 0);
  const mean = different.reduce((sum, cosine) => sum + cosine, 0) / different.length;
  const variance = different.reduce((sum, cosine) => sum + (cosine - mean) ** 2, 0) / different.length;
  return { mean, deviation: Math.sqrt(variance) };
}
