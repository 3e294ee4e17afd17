import { type LearnedThreshold, pairThreshold } from '@openset/core';
import { accuracyAt } from '@openset/metrics';
import { betweenEmbeddings, type ScoredPairs } from '@openset/verify';
import { trustedPeople } from '../config/held-out-people.ts';
import { counted, decimal, percent } from '../evaluation/texts.ts';
import type { ThresholdChoice } from './thresholds.ts';

/** Points that the closed form may lose against the held-out people before it is named. */
const maximumLoss = 0.02;

/** Median cosine of different people from which the embeddings count as collapsed. */
const collapsedCosine = 0.9;

/** Points that an estimate loses at most in 95 of 100 draws of so many people, as measured with heads on LFW. */
const lossesOfFewPeople = [
  { people: 15, points: '1.5 to 2.7' },
  { people: 10, points: '2.7' },
  { people: 5, points: '2.7 to 6' },
  { people: 0, points: 'more than 6' },
] as const;

/**
 * Returns what is doubtful about the threshold of a trained model, one fact a line, most important first.
 * @param pairs of people outside training; null if there are none
 */
export function thresholdWarnings(choice: ThresholdChoice, pairs: ScoredPairs | null): string[] {
  return [
    collapseWarning(pairs),
    fewPeopleWarning(choice),
    rangeWarning(choice.learnedThreshold ?? null),
    closedFormWarning(choice, pairs),
  ].filter((warning) => warning !== null);
}

/** Embeddings that all point the same way have large cosines between different people. */
function collapseWarning(pairs: ScoredPairs | null): string | null {
  const different = Array.from(pairs?.cosines ?? []).filter((_, pair) => !pairs!.isSame[pair]);
  if (different.length === 0) return null;
  different.sort((first, second) => first - second);
  const median = different[Math.floor(different.length / 2)]!;
  if (median <= collapsedCosine) return null;
  return (
    `the embeddings have collapsed: half of the pairs of different people have a cosine above ${decimal(median, 3)}. ` +
    'Train longer, or with a lower learning rate.'
  );
}

function fewPeopleWarning({
  thresholdSource,
  thresholdPeople: people = null,
}: ThresholdChoice): string | null {
  if (thresholdSource === 'closed-form') {
    return (
      `fewer than ${trustedPeople} people outside training: the threshold is computed from the learned bias. Measured on faces, this ` +
      'loses 8 points on average with 100 people, 1 to 2 with 400 or more, and up to 30. Add people, or use openset calibrate.'
    );
  }
  if (thresholdSource !== 'held-out' || people === null || people >= trustedPeople) return null;
  const { points } = lossesOfFewPeople.find((entry) => people >= entry.people)!;
  return (
    `only ${counted(people, 'person was', 'people were')} held out: the threshold may lose ${points} points. Hold out ` +
    `${trustedPeople} or more with --held-out, or calibrate with other people: openset calibrate --data.`
  );
}

function rangeWarning(learned: LearnedThreshold | null): string | null {
  if (!learned || Math.abs(learned.cosine) < 1) return null;
  return (
    `the learned threshold ${decimal(learned.cosine, 3)} is outside (-1, 1), so it ${learned.cosine > 0 ? 'accepts nobody' : 'accepts everybody'}. ` +
    'Train longer, or lower --max-images-per-person.'
  );
}

/** Names a closed form that the people held out contradict. */
function closedFormWarning(
  { threshold, thresholdSource, learnedThreshold }: ThresholdChoice,
  pairs: ScoredPairs | null,
): string | null {
  const closed = pairThreshold(betweenEmbeddings(learnedThreshold));
  if (closed === null || !pairs || thresholdSource === 'closed-form') return null;
  const lost = balancedAccuracy(pairs, threshold) - balancedAccuracy(pairs, closed);
  if (lost <= maximumLoss) return null;
  return (
    `the learned bias is off: its closed form for pairs, ${decimal(closed, 3)}, loses ${percent(lost)} of accuracy against ` +
    `${decimal(threshold, 3)} on all ${counted(pairs.isSame.length, 'pair')} outside training.`
  );
}

function balancedAccuracy({ cosines, isSame }: ScoredPairs, threshold: number): number {
  const { tar, far } = accuracyAt(cosines, isSame, threshold);
  return ((tar ?? 0) + 1 - (far ?? 0)) / 2;
}

/** Share of all images, and multiple of the mean, from which one person is too much of a training set. */
const largeShare = 0.1;
const largeMultiple = 3;

/**
 * Returns a warning if one person has more than a tenth of the images, and far more than the others; otherwise null.
 * @param most number of images of a person in an epoch; null if there is no limit
 */
export function largePersonWarning(
  classNames: readonly string[],
  labels: Int32Array,
  most: number | null,
): string | null {
  const counts = new Uint32Array(classNames.length);
  for (const label of labels) if (label >= 0) counts[label]! += 1;
  const largest = counts.reduce((best, count, label) => (count > counts[best]! ? label : best), 0);
  const images = counts[largest] ?? 0;
  const share = images / labels.length;
  if (!(share > largeShare) || images <= largeMultiple * (labels.length / classNames.length)) return null;
  const used =
    most !== null && most < images
      ? `an epoch uses ${most} of them`
      : 'all of them in each epoch; --max-images-per-person uses fewer';
  return `'${classNames[largest]}' has ${counted(images, 'image')} of ${labels.length} (${percent(share, 0)}): ${used}.`;
}
