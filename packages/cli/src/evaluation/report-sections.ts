import {
  detCurve,
  type IdentityThresholds,
  identityThresholds,
  MetricsError,
  rocCurve,
  sampleIdentityScores,
} from '@openset/metrics';
import { detPlot, identityThresholdPlot, type ReportSection, rocPlot, similarityPlot } from '@openset/report';
import type { Embeddings } from '../model/embed-images.ts';
import type { ThresholdSource } from '../model/thresholds.ts';
import type { PairMeasurements } from './measure-pairs.ts';
import { measurementRows, percent } from './texts.ts';
import type { UniformMeasurements } from './uniform-accuracy.ts';

/** What a report is made of. */
export interface ReportData {
  readonly cosines: Float64Array;
  readonly isSame: Uint8Array;
  readonly measured: PairMeasurements;
  /** Where the model's threshold comes from. */
  readonly source: ThresholdSource;
  readonly uniform?: UniformMeasurements | null;
  readonly identities?: IdentityThresholds | null;
}

/** People whose own thresholds are drawn, at most. */
const mostPeople = 200;

/** The threshold of each of some people; null if they have too few images. */
export function thresholdsOfPeople(
  { values, size }: Embeddings,
  labels: ArrayLike<number>,
): IdentityThresholds | null {
  const counts = new Map<number, number>();
  for (const label of Array.from(labels)) counts.set(label, (counts.get(label) ?? 0) + 1);
  const able = [...counts.values()].filter((count) => count > 1).length;
  try {
    const identities = Math.min(able, mostPeople);
    const scores = sampleIdentityScores(values, labels, size, { identities });
    return identityThresholds(scores.positives, scores.hardestNegatives, scores.labels);
  } catch (error) {
    // One person, or one image of each.
    if (error instanceof MetricsError) return null;
    throw error;
  }
}

/** The sections of a report on pairs. */
export function reportSections(data: ReportData): ReportSection[] {
  const { measured, identities, uniform } = data;
  return [
    thresholdSection(data),
    curvesSection(data),
    ...(identities ? [peopleSection(identities, measured.threshold)] : []),
    ...(uniform ? [uniformSection(uniform)] : []),
  ];
}

function thresholdSection({ cosines, isSame, measured, source }: ReportData): ReportSection {
  const { threshold, best, learned } = measured;
  const lost = best.accuracy - measured.accuracy.estimate;
  const ofKind = (kind: number) => cosines.filter((_, pair) => isSame[pair] === kind);
  const drawn = [
    { name: source, value: threshold },
    { name: 'best', value: best.threshold, dashed: true },
    ...(learned && learned.threshold !== threshold
      ? [{ name: 'learned', value: learned.threshold, dashed: true }]
      : []),
  ];
  return {
    heading: 'One threshold for all',
    text:
      `Two images count as the same person from a cosine of ${threshold.toFixed(3)} on: the ${source} threshold. The best ` +
      `threshold for these very pairs, known only in hindsight, is ${best.threshold.toFixed(3)}; it would be right for ` +
      `${percent(lost)} of the pairs more. In brackets: 95 % confidence intervals, from resampled pairs; pairs that share ` +
      'people make the true ones wider.',
    table: { columns: ['', ''], rows: measurementRows(measured) },
    // A threshold beyond all cosines has no place on the axis.
    figures: [
      similarityPlot({
        same: ofKind(1),
        different: ofKind(0),
        thresholds: drawn.filter(({ value }) => Math.abs(value) <= 1),
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

function peopleSection(identities: IdentityThresholds, threshold: number): ReportSection {
  const { separable, median, lowerQuartile, upperQuartile } = identities;
  return {
    heading: 'The best threshold of each person',
    text:
      `If each of ${identities.identities.length} people could have a threshold of their own, it would lie at ` +
      `${median.toFixed(3)} for the one in the middle, and between ${lowerQuartile.toFixed(3)} and ${upperQuartile.toFixed(3)} for ` +
      `half of them. The narrower, the better one threshold serves all. ${percent(separable)} of the people have one that is ` +
      'right for all their images.',
    figures: [identityThresholdPlot([{ name: 'model', thresholds: identities, learned: threshold }])],
  };
}

function uniformSection(uniform: UniformMeasurements): ReportSection {
  return {
    heading: 'Whose image is it?',
    text:
      `${uniform.pictures} images, each compared with the mean of every one of ${uniform.classes} people (its own without ` +
      'itself). Right is an image that reaches the threshold with its own person and with no other.',
    table: {
      columns: ['threshold', 'share that is right'],
      rows: [
        ['one for each image (nearest person)', percent(uniform.sampleWise)],
        ['one for each person', percent(uniform.classWise)],
        [`one for all, the best: ${uniform.bestThreshold.toFixed(3)}`, percent(uniform.uniform)],
        ["one for all, the model's", percent(uniform.atThreshold)],
        ...(uniform.atLearned === null ? [] : [['one for all, as learned', percent(uniform.atLearned)]]),
      ],
    },
  };
}
