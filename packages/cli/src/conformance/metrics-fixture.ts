import { DataError } from '@openset/core';
import {
  caseList,
  checkCount,
  checkList,
  checkNumber,
  fieldsOf,
  parseFixtureText,
} from './fixture-fields.ts';

/** Expected results of verification by InsightFace's code and scikit-learn. */
export interface VerificationFixture {
  readonly pairs: number;
  readonly embeddingSize: number;
  /** `[2 · pairs, embeddingSize]`: pair i is rows 2i and 2i + 1. */
  readonly embeddings: readonly number[];
  readonly isSame: readonly (boolean | number)[];
  readonly expected: {
    readonly foldAccuracies: readonly number[];
    readonly accuracyMean: number;
    readonly accuracyStd: number;
    readonly auc: number;
    readonly eer: number;
    readonly tarAtFarNearestPoint: Readonly<Record<string, number>>;
    readonly tarAtFarConservative: Readonly<Record<string, number>>;
  };
}

/** Expected results of identification on a closed and an open set. */
export interface IdentificationFixture {
  readonly matedProbes: number;
  readonly nonMatedProbes: number;
  readonly gallerySize: number;
  readonly embeddingSize: number;
  /** `[matedProbes + nonMatedProbes, embeddingSize]`: mated probes first. */
  readonly probes: readonly number[];
  /** `[gallerySize, embeddingSize]` */
  readonly gallery: readonly number[];
  /** `[matedProbes]`: rows of the gallery. */
  readonly matedIds: readonly number[];
  readonly expected: {
    readonly rank1: number;
    readonly rank5: number;
    readonly dirAtFar: Readonly<Record<string, number>>;
  };
}

/** Expected results of uniform classification. */
export interface UniformFixture {
  readonly samples: number;
  readonly numClasses: number;
  /** `[samples, numClasses]` */
  readonly scores: readonly number[];
  readonly labels: readonly number[];
  readonly expected: {
    readonly sampleWiseAccuracy: number;
    readonly uniformAccuracy: number;
    readonly classWiseUniformAccuracy: number;
    readonly uniformThresholdExample: number;
  };
}

/** What a `metrics.json` file holds: each list may be missing, one must not be empty. */
export interface MetricsFixtures {
  readonly verification: readonly VerificationFixture[];
  readonly identification: readonly IdentificationFixture[];
  readonly uniform: readonly UniformFixture[];
}

/** Fields of each kind of case: counts, arrays with their lengths, and expected results. */
const formats = {
  verification: {
    counts: ['pairs', 'embeddingSize'],
    arrays: (size: (key: string) => number) => ({
      embeddings: 2 * size('pairs') * size('embeddingSize'),
      isSame: size('pairs'),
    }),
    expected: {
      numbers: ['accuracyMean', 'accuracyStd', 'auc', 'eer'],
      tables: ['tarAtFarNearestPoint', 'tarAtFarConservative'],
      lists: ['foldAccuracies'],
    },
  },
  identification: {
    counts: ['matedProbes', 'nonMatedProbes', 'gallerySize', 'embeddingSize'],
    arrays: (size: (key: string) => number) => ({
      probes: (size('matedProbes') + size('nonMatedProbes')) * size('embeddingSize'),
      gallery: size('gallerySize') * size('embeddingSize'),
      matedIds: size('matedProbes'),
    }),
    expected: { numbers: ['rank1', 'rank5'], tables: ['dirAtFar'], lists: [] },
  },
  uniform: {
    counts: ['samples', 'numClasses'],
    arrays: (size: (key: string) => number) => ({
      scores: size('samples') * size('numClasses'),
      labels: size('samples'),
    }),
    expected: {
      numbers: [
        'sampleWiseAccuracy',
        'uniformAccuracy',
        'classWiseUniformAccuracy',
        'uniformThresholdExample',
      ],
      tables: [],
      lists: [],
    },
  },
} as const;

/**
 * Reads the text of a `metrics.json` file.
 * @throws DataError if the text is not JSON, has no cases, or a field of a case is missing or has a wrong type or length; the
 *   message names the case and the key
 */
export function readMetricsFixtures(text: string): MetricsFixtures {
  const file = parseFixtureText(text);
  const kinds = Object.keys(formats) as (keyof typeof formats)[];
  const lists = kinds.map((kind) => {
    const cases = caseList(file, kind);
    cases.forEach((one, index) => {
      checkCase(kind, one, `${kind}[${index}]`);
    });
    return [kind, cases] as const;
  });
  if (lists.every(([, cases]) => cases.length === 0)) {
    throw new DataError(`The fixture file has no cases: expected a list ${kinds.join(', ')}.`);
  }
  return Object.fromEntries(lists) as unknown as MetricsFixtures;
}

function checkCase(kind: keyof typeof formats, fixture: unknown, path: string): void {
  const { counts, arrays, expected } = formats[kind];
  const fields = fieldsOf(fixture, path);
  for (const key of counts) checkCount(fields[key], `${path}.${key}`);
  for (const [key, length] of Object.entries(arrays((count) => fields[count] as number))) {
    checkList(fields[key], `${path}.${key}`, length, key === 'isSame');
  }
  const results = fieldsOf(fields.expected, `${path}.expected`);
  for (const key of expected.numbers) checkNumber(results[key], `${path}.expected.${key}`);
  for (const key of expected.lists) checkList(results[key], `${path}.expected.${key}`);
  for (const key of expected.tables) {
    const table = fieldsOf(results[key], `${path}.expected.${key}`);
    for (const [far, rate] of Object.entries(table)) {
      checkNumber(rate, `${path}.expected.${key}['${far}']`);
      if (!(Number(far) >= 0 && Number(far) <= 1)) {
        throw new DataError(
          `${path}.expected.${key} has the key '${far}', which is not a false accept rate.`,
        );
      }
    }
  }
}
