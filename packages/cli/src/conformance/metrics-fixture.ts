import { DataError } from '@openset/core';

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

type Fields = Record<string, unknown>;

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
  let parsed: Fields;
  try {
    parsed = JSON.parse(text) as Fields;
  } catch (error) {
    throw new DataError(`The fixture file is not JSON: ${String(error)}.`);
  }
  const kinds = Object.keys(formats) as (keyof typeof formats)[];
  const lists = kinds.map((kind) => {
    const cases = parsed?.[kind] ?? [];
    if (!Array.isArray(cases)) throw new DataError(`The fixture file's '${kind}' must be a list.`);
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
  for (const key of counts) {
    const count = fields[key];
    if (Number.isInteger(count) && (count as number) > 0) continue;
    throw new DataError(`${path}.${key} must be a whole number above 0, but is ${JSON.stringify(count)}.`);
  }
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

function fieldsOf(value: unknown, path: string): Fields {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields;
  throw new DataError(`${path} must be an object, but is ${describe(value)}.`);
}

function checkList(value: unknown, path: string, length?: number, booleans = false): void {
  if (!Array.isArray(value)) throw new DataError(`${path} must be a list, but is ${describe(value)}.`);
  if (length !== undefined && value.length !== length) {
    throw new DataError(`${path} has ${value.length} values, not ${length}.`);
  }
  value.forEach((one, index) => {
    if (!(booleans && typeof one === 'boolean')) checkNumber(one, `${path}[${index}]`);
  });
}

function checkNumber(value: unknown, path: string): void {
  if (Number.isFinite(value)) return;
  throw new DataError(`${path} must be a finite number, but is ${describe(value)}.`);
}

function describe(value: unknown): string {
  if (value === undefined) return 'missing';
  return Array.isArray(value) ? `a list of ${value.length}` : JSON.stringify(value);
}
