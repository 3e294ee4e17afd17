import { DataError } from '@openset/core';
import {
  areaUnderCurve,
  cosineSimilarities,
  dirAtFar,
  equalErrorRate,
  kFoldVerification,
  MetricsError,
  matchProbes,
  pairSimilarities,
  rankAccuracy,
  tarAtFar,
  uniformClassification,
} from '@openset/metrics';
import {
  type IdentificationFixture,
  readMetricsFixtures,
  type UniformFixture,
  type VerificationFixture,
} from './metrics-fixture.ts';

/** Comparison of one value. */
export interface MetricsComparison {
  readonly key: string;
  readonly found: number;
  readonly expected: number;
  readonly passed: boolean;
}

/** Result of one case. */
export interface MetricsResult {
  /** Name, such as `verification[0]`. */
  readonly name: string;
  readonly comparisons: readonly MetricsComparison[];
  readonly passed: boolean;
}

/** Tolerance for areas, means and deviations, which are sums of fractions. Counts and shares must be equal. */
const tolerance = 1e-9;

const same = (key: string, found: number, expected: number): MetricsComparison => {
  return { key, found, expected, passed: found === expected };
};
const near = (key: string, found: number, expected: number): MetricsComparison => {
  return { key, found, expected, passed: Math.abs(found - expected) <= tolerance };
};
const byFar = (key: string, table: Readonly<Record<string, number>>, rate: (far: number) => number) =>
  Object.entries(table).map(([far, expected]) => same(`${key}@${far}`, rate(Number(far)), expected));

/**
 * Returns one function for each case of a `metrics.json` file, which runs it through the public API.
 * @throws DataError if the text has another format; the functions throw DataError if the numbers of a case are unusable
 */
export function metricsCases(text: string): (() => MetricsResult)[] {
  const { verification, identification, uniform } = readMetricsFixtures(text);
  const prepare = <T>(kind: string, cases: readonly T[], compare: (fixture: T) => MetricsComparison[]) =>
    cases.map((fixture, index) => prepareCase(`${kind}[${index}]`, () => compare(fixture)));
  return [
    ...prepare('verification', verification, verify),
    ...prepare('identification', identification, identify),
    ...prepare('uniform', uniform, classify),
  ];
}

/**
 * Returns a function that runs a case.
 * @param compare throws MetricsError if the numbers of the case are unusable; the result throws DataError
 */
export function prepareCase(name: string, compare: () => MetricsComparison[]): () => MetricsResult {
  return () => {
    try {
      const comparisons = compare();
      return { name, comparisons, passed: comparisons.every(({ passed }) => passed) };
    } catch (error) {
      if (!(error instanceof MetricsError)) throw error;
      throw new DataError(`${name}: ${error.message}`, { cause: error });
    }
  };
}

function verify({ pairs, embeddingSize, embeddings, isSame, expected }: VerificationFixture) {
  const rows = Uint32Array.from({ length: 2 * pairs }, (_, row) => row);
  const similarities = pairSimilarities(new Float32Array(embeddings), embeddingSize, rows);
  const folds = kFoldVerification(similarities, isSame, { folds: expected.foldAccuracies.length });
  const rate = (rule: 'nearest' | 'conservative') => (far: number) =>
    tarAtFar(similarities, isSame, far, { rule }).tar;
  return [
    ...expected.foldAccuracies.map((accuracy, fold) =>
      same(`fold ${fold}`, folds.foldAccuracies[fold]!, accuracy),
    ),
    near('accuracyMean', folds.accuracy, expected.accuracyMean),
    near('accuracyStd', folds.standardDeviation, expected.accuracyStd),
    near('auc', areaUnderCurve(similarities, isSame), expected.auc),
    near('eer', equalErrorRate(similarities, isSame).rate, expected.eer),
    ...byFar('tarAtFarNearestPoint', expected.tarAtFarNearestPoint, rate('nearest')),
    ...byFar('tarAtFarConservative', expected.tarAtFarConservative, rate('conservative')),
  ];
}

function identify(fixture: IdentificationFixture) {
  const { embeddingSize: size, gallerySize, matedIds, nonMatedProbes, expected } = fixture;
  const [probes, gallery] = [new Float32Array(fixture.probes), new Float32Array(fixture.gallery)];
  const probeLabels = [...matedIds, ...Array.from({ length: nonMatedProbes }, () => -1)];
  const galleryLabels = Array.from({ length: gallerySize }, (_, row) => row);
  const scores = new Float64Array(probeLabels.length * gallerySize);
  const repeated = new Float32Array(gallery.length);
  probeLabels.forEach((_, probe) => {
    const row = probes.subarray(probe * size, (probe + 1) * size);
    for (let start = 0; start < repeated.length; start += size) repeated.set(row, start);
    scores.set(cosineSimilarities(repeated, gallery, size), probe * gallerySize);
  });
  const matches = matchProbes(scores, probeLabels, galleryLabels);
  return [
    same('rank1', rankAccuracy(matches), expected.rank1),
    same('rank5', rankAccuracy(matches, 5), expected.rank5),
    ...byFar('dirAtFar', expected.dirAtFar, (far) => dirAtFar(matches, far).dir),
  ];
}

function classify({ scores, labels, numClasses, expected }: UniformFixture) {
  const result = uniformClassification(new Float32Array(scores), labels, numClasses);
  const { low, high } = result.thresholdInterval;
  const example = expected.uniformThresholdExample;
  return [
    same('sampleWiseAccuracy', result.sampleWiseAccuracy, expected.sampleWiseAccuracy),
    same('uniformAccuracy', result.uniformAccuracy, expected.uniformAccuracy),
    same('classWiseUniformAccuracy', result.classWiseAccuracy, expected.classWiseUniformAccuracy),
    // Which end belongs to the interval is a convention, and the reference has the other one. Both ends pass.
    {
      key: 'uniformThresholdExample',
      found: result.threshold,
      expected: example,
      passed: low <= example && example <= high,
    },
  ];
}
