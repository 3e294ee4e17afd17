import {
  detCurve,
  type IdentityThresholds,
  identityThresholds,
  MetricsError,
  rocCurve,
  sampleIdentityScores,
} from '@openset/metrics';
import { detPlot, identityThresholdPlot, type ReportSection, rocPlot, similarityPlot } from '@openset/report';
import { describeQuestion } from '@openset/verify';
import type { EmbeddingRows } from '../model/embeddings.ts';
import type { StatedThreshold } from '../model/threshold-rows.ts';
import { consistencySections } from './consistency-texts.ts';
import type { ConsistencyMeasurements } from './measure-consistency.ts';
import type { PairMeasurements } from './measure-pairs.ts';
import { counted, decimal, measurementRows, percent } from './texts.ts';
import type { UniformMeasurements } from './uniform-accuracy.ts';

/** Data of a report on pairs. */
export interface ReportData {
  readonly cosines: Float64Array;
  readonly isSame: Uint8Array;
  readonly measured: PairMeasurements;
  /** The threshold that decides. */
  readonly stated: StatedThreshold;
  readonly uniform?: UniformMeasurements | null;
  readonly identities?: IdentityThresholds | null;
  readonly consistency?: ConsistencyMeasurements | null;
}

/** Maximum number of people in the plot of individual thresholds. */
const maximumPeople = 200;

/** Returns the best threshold of each person, for up to 200 people; null if there are too few images. */
export function measureIdentityThresholds(
  { values, size }: EmbeddingRows,
  labels: ArrayLike<number>,
): IdentityThresholds | null {
  const counts = new Map<number, number>();
  for (const label of Array.from(labels)) counts.set(label, (counts.get(label) ?? 0) + 1);
  const measurable = [...counts.values()].filter((count) => count > 1).length;
  try {
    const identities = Math.min(measurable, maximumPeople);
    const scores = sampleIdentityScores(values, labels, size, { identities });
    return identityThresholds(scores.positives, scores.hardestNegatives, scores.labels);
  } catch (error) {
    // There is one person, or one image of each.
    if (error instanceof MetricsError) return null;
    throw error;
  }
}

/** Returns the sections of a report on pairs. */
export function reportSections(data: ReportData): ReportSection[] {
  const { measured, identities, uniform, consistency } = data;
  return [
    thresholdSection(data),
    curvesSection(data),
    ...(identities ? [identitiesSection(identities, measured.threshold)] : []),
    ...(consistency ? consistencySections(consistency, measured.threshold) : []),
    ...(uniform ? [uniformSection(uniform)] : []),
  ];
}

function thresholdSection({ cosines, isSame, measured, stated }: ReportData): ReportSection {
  const { threshold, best, learned } = measured;
  const { source, question } = stated;
  const lost = best.accuracy - measured.accuracy.estimate;
  const cosinesOf = (label: number) => cosines.filter((_, pair) => isSame[pair] === label);
  const thresholds = [
    { name: source, value: threshold },
    { name: 'best', value: best.threshold, dashed: true },
    ...(learned && learned.threshold !== threshold
      ? [{ name: 'learned', value: learned.threshold, dashed: true }]
      : []),
  ];
  return {
    heading: 'One threshold for all',
    text:
      `Two images count as the same person if their cosine is at least ${decimal(threshold, 3)}, the ${source} threshold. ` +
      (question ? `This threshold is for ${describeQuestion(question)}. ` : '') +
      `In hindsight, the best threshold for these pairs is ${decimal(best.threshold, 3)}; it decides ${percent(lost)} more ` +
      'of them correctly. Brackets show 95 % confidence intervals from resampled pairs. The true intervals are wider, because pairs ' +
      'share people.',
    table: { columns: ['', ''], rows: measurementRows(measured) },
    // The axis ends at −1 and 1.
    figures: [
      similarityPlot({
        same: cosinesOf(1),
        different: cosinesOf(0),
        thresholds: thresholds.filter(({ value }) => Math.abs(value) <= 1),
      }),
    ],
  };
}

function curvesSection({ cosines, isSame }: ReportData): ReportSection {
  return {
    heading: 'All thresholds',
    figures: [
      rocPlot([{ name: 'model', curve: rocCurve(cosines, isSame) }], { farAxis: 'log', caption: 'ROC' }),
      detPlot([{ name: 'model', curve: detCurve(cosines, isSame) }]),
    ],
  };
}

function identitiesSection(identities: IdentityThresholds, threshold: number): ReportSection {
  const { separable, median, lowerQuartile, upperQuartile } = identities;
  return {
    heading: 'The best threshold of each person',
    text:
      `Each of ${identities.identities.length} people has a threshold that is best for their images alone. The median is ` +
      `${decimal(median, 3)}; half of these thresholds are between ${decimal(lowerQuartile, 3)} and ${decimal(upperQuartile, 3)}. ` +
      `The narrower the range, the better one threshold suits all. For ${percent(separable)} of the people, one threshold ` +
      'decides all their images correctly.',
    figures: [identityThresholdPlot([{ name: 'model', thresholds: identities, learned: threshold }])],
  };
}

function uniformSection(uniform: UniformMeasurements): ReportSection {
  return {
    heading: 'Uniform accuracy',
    text:
      `${counted(uniform.pictures, 'image')}, each compared with the mean embedding of each of ${uniform.classes} people (the ` +
      'mean of its own person excludes the image). An image is correct if it reaches the threshold with its own person and ' +
      'with nobody else.',
    table: {
      columns: ['threshold', 'share of correct images'],
      rows: [
        ['one for each image (nearest person)', percent(uniform.sampleWise)],
        ['one for each person', percent(uniform.classWise)],
        [`one for all, the best: ${decimal(uniform.bestThreshold, 3)}`, percent(uniform.uniform)],
        ["one for all, the model's", percent(uniform.atThreshold)],
        ...(uniform.atLearned === null ? [] : [['one for all, the learned one', percent(uniform.atLearned)]]),
      ],
    },
  };
}
