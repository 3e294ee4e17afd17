import { readFileSync } from 'node:fs';

/** What InsightFace's verification code and scikit-learn answer for a set of pairs, in float64. */
export interface ExpectedVerification {
  readonly foldAccuracies: readonly number[];
  readonly accuracyMean: number;
  readonly accuracyStd: number;
  readonly auc: number;
  readonly tarAtFarNearestPoint: Readonly<Record<string, number>>;
  readonly tarAtFarConservative: Readonly<Record<string, number>>;
  readonly eer: number;
}

interface Metrics {
  readonly verification: readonly {
    readonly pairs: number;
    readonly embeddingSize: number;
    /** `[2 · pairs, embeddingSize]`, unit rows: pair i is rows 2i and 2i + 1. */
    readonly embeddings: readonly number[];
    readonly isSame: readonly boolean[];
    readonly expected: ExpectedVerification;
  }[];
  readonly identification: readonly {
    readonly embeddingSize: number;
    readonly gallerySize: number;
    readonly matedProbes: number;
    readonly nonMatedProbes: number;
    /** `[gallerySize, embeddingSize]` */
    readonly gallery: readonly number[];
    /** `[matedProbes + nonMatedProbes, embeddingSize]`: the mated ones first. */
    readonly probes: readonly number[];
    /** `[matedProbes]`: rows of the gallery. */
    readonly matedIds: readonly number[];
    readonly expected: {
      readonly rank1: number;
      readonly rank5: number;
      readonly dirAtFar: Readonly<Record<string, number>>;
    };
  }[];
  readonly uniform: readonly {
    readonly samples: number;
    readonly numClasses: number;
    readonly scores: readonly number[];
    readonly labels: readonly number[];
    readonly expected: {
      readonly sampleWiseAccuracy: number;
      readonly uniformAccuracy: number;
      readonly uniformThresholdExample: number;
      readonly classWiseUniformAccuracy: number;
    };
  }[];
}

/** A second set of pairs, of which the float64 cosines are kept and not the embeddings. */
interface Similarities {
  readonly similarities: readonly number[];
  readonly isSame: readonly boolean[];
  readonly expected: ExpectedVerification;
}

function read<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(name, import.meta.url), 'utf8')) as T;
}

export const references = read<Metrics>('metrics.json');
export const similarityReference = read<Similarities>('similarities.json');
